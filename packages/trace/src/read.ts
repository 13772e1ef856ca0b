// Reads a trace file, and believes nothing of it: every rule of trace.ts is checked.

import { crc32 } from './crc32.ts';
import { TraceError } from './errors.ts';
import type { ErrorFacts } from '@zsmalloc/core/words';
import { AGENTS_MAX, COUNT_MAX, CRC_BYTES, KINDS, MAGIC, NAME_BYTES_MAX, TRACE_VERSION } from './format.ts';
import { OP, OP_NAMES, TAG_CONTROL } from './operations.ts';
import { TraceBuilder } from './trace.ts';
import type { Trace, TraceAgent } from './trace.ts';
import { ByteReader, truncated } from './varint.ts';

interface Header {
  readonly objectBytesMax: number;
  readonly agents: readonly TraceAgent[];
  readonly objects: number;
  readonly events: number;
  readonly dropped: number;
  readonly streamStart: number;
  readonly streamBytes: number;
}

function corrupt(what: string, facts: ErrorFacts = {}): TraceError {
  return new TraceError('ERR_ZS_TRACE_CORRUPT', `cannot read the trace: ${what}. Record the trace again.`, facts);
}

function limited(value: number, limit: number, what: string): number {
  if (value > limit) throw corrupt(`it claims ${value} ${what}, and ${limit} is the most`, { value, limit });
  return value;
}

function readStart(bytes: Uint8Array): ByteReader {
  const known = Math.min(bytes.length, MAGIC.length);
  for (let at = 0; at < known; at++) {
    if (bytes[at] === MAGIC[at]) continue;
    throw new TraceError(
      'ERR_ZS_TRACE_FORMAT',
      `cannot read the trace: byte ${at} is not that of a trace file. Give a file that mergeTrace or writeTrace made, unpacked.`,
      { offset: at },
    );
  }
  if (known < MAGIC.length) throw truncated(MAGIC.length, bytes.length);
  const reader = new ByteReader(bytes, MAGIC.length, bytes.length);
  const version = reader.varint();
  if (version !== TRACE_VERSION) {
    throw new TraceError(
      'ERR_ZS_TRACE_VERSION',
      `cannot read the trace: its format has version ${version}, and this package reads version ${TRACE_VERSION}. Use the package that recorded it.`,
      { version, expected: TRACE_VERSION },
    );
  }
  return reader;
}

function readAgent(reader: ByteReader): TraceAgent {
  const nameLength = limited(reader.varint(), NAME_BYTES_MAX, 'bytes of an agent name');
  const name = new TextDecoder().decode(reader.bytes(nameLength));
  return { name, events: reader.varint(), lost: reader.varint() };
}

function readHeader(bytes: Uint8Array): Header {
  const reader = readStart(bytes);
  const objectBytesMax = limited(reader.varint(), COUNT_MAX, 'bytes of the largest object');
  const agentCount = limited(reader.varint(), AGENTS_MAX, 'agents');
  const agents = Array.from({ length: agentCount }, () => readAgent(reader));
  const objects = limited(reader.varint(), COUNT_MAX, 'objects');
  const events = limited(reader.varint(), COUNT_MAX, 'events');
  const dropped = reader.varint();
  const streamBytes = reader.varint();
  const streamStart = reader.offset;
  const expected = streamStart + streamBytes + CRC_BYTES;
  if (bytes.length < expected) throw truncated(expected - 1, bytes.length);
  if (bytes.length > expected) throw corrupt(`${bytes.length - expected} bytes follow its end`, { expected });
  const crcAt = expected - CRC_BYTES;
  const stored = new DataView(bytes.buffer, bytes.byteOffset + crcAt, CRC_BYTES).getUint32(0, true);
  const computed = crc32(bytes, crcAt);
  if (stored !== computed) {
    throw new TraceError(
      'ERR_ZS_TRACE_CHECKSUM',
      `cannot read the trace: its checksum is ${stored}, and its bytes give ${computed}. Copy the file again.`,
      { stored, computed },
    );
  }
  return { objectBytesMax, agents, objects, events, dropped, streamStart, streamBytes };
}

/** Decodes the stream, and checks each entry against the state that the entries before it have left. */
class StreamReader {
  readonly builder: TraceBuilder = new TraceBuilder();
  readonly #header: Header;
  readonly #reader: ByteReader;
  /** 1 for objects that were freed. */
  readonly #freed: Uint8Array;
  /** Holds of an object by an agent that were not released. */
  readonly #holds: Map<number, number> = new Map();
  #agent = 0;

  constructor(bytes: Uint8Array, header: Header) {
    this.#header = header;
    this.#reader = new ByteReader(bytes, header.streamStart, header.streamStart + header.streamBytes);
    // Each malloc takes a byte or more: a header that claims more is wrong, and must not cost the memory.
    if (header.objects > header.streamBytes) throw corrupt(`${header.objects} objects do not fit into its stream`);
    this.#freed = new Uint8Array(header.objects);
  }

  read(): Trace {
    while (!this.#reader.done) this.#entry();
    const { objectBytesMax, agents, objects, events, dropped } = this.#header;
    const { builder } = this;
    if (builder.count !== events) throw corrupt(`it has ${builder.count} calls and claims ${events}`);
    if (builder.objects !== objects) throw corrupt(`it has ${builder.objects} objects and claims ${objects}`);
    const trace = builder.finish({ objectBytesMax, agents, dropped });
    trace.agents.forEach((agent, index) => {
      const claimed = agents[index]!.events;
      if (agent.events !== claimed) {
        throw corrupt(`agent ${index} has ${agent.events} calls and claims ${claimed}`, { agent: index });
      }
    });
    return trace;
  }

  #entry(): void {
    const tag = this.#reader.varint();
    const kind = tag % KINDS;
    const value = (tag - kind) / KINDS;
    if (kind === TAG_CONTROL) return this.#control(value);
    if (this.#agent >= this.#header.agents.length) throw corrupt(`a call is made by agent ${this.#agent}, who is none`);
    if (kind === OP.malloc) return this.#malloc(value);
    if (kind === OP.compact) return this.builder.add(kind, this.#agent, 0, limited(value, COUNT_MAX, 'pages'), 0);
    const object = this.builder.objects - 1 - value;
    if (object < 0 || (this.#freed[object] === 1 && kind !== OP.release)) {
      throw corrupt(
        `call ${this.builder.count}, a ${OP_NAMES[kind]}, names object ${object}, which ${object < 0 ? 'was never allocated' : 'was freed before'}`,
        { event: this.builder.count, object },
      );
    }
    return this.#use(kind, object);
  }

  #control(value: number): void {
    if (value % 2 === 1) {
      this.builder.setTime(this.builder.timeUs + (value - 1) / 2);
      return;
    }
    this.#agent = value / 2;
    const { agents } = this.#header;
    if (this.#agent >= agents.length) throw corrupt(`agent ${this.#agent} is not one of its ${agents.length}`);
  }

  #malloc(sizeBytes: number): void {
    const { objectBytesMax, objects } = this.#header;
    if (sizeBytes < 1 || sizeBytes > COUNT_MAX || (objectBytesMax > 0 && sizeBytes > objectBytesMax)) {
      throw corrupt(`an object of ${sizeBytes} bytes is no object of the recorded pool`, { sizeBytes, objectBytesMax });
    }
    if (this.builder.objects >= objects) throw corrupt(`it has more than the ${objects} objects that it claims`);
    this.builder.malloc(this.#agent, sizeBytes);
  }

  #use(kind: number, object: number): void {
    let length = 0;
    let offset = 0;
    if (kind === OP.write) {
      length = limited(this.#reader.varint(), COUNT_MAX, 'bytes of a write');
      offset = limited(this.#reader.varint(), COUNT_MAX, 'bytes before a write');
      const size = this.builder.sizeOf(object);
      if (offset + length > size) {
        throw corrupt(`call ${this.builder.count} writes up to byte ${offset + length} of ${size}`, { object });
      }
    }
    if (kind === OP.free) this.#freed[object] = 1;
    if (kind === OP.hold || kind === OP.release) this.#count(kind, object);
    this.builder.add(kind, this.#agent, object, length, offset);
  }

  #count(kind: number, object: number): void {
    const key = object * (AGENTS_MAX + 1) + this.#agent;
    const holds = (this.#holds.get(key) ?? 0) + (kind === OP.hold ? 1 : -1);
    if (holds < 0) throw corrupt(`call ${this.builder.count} releases object ${object}, which its agent does not hold`);
    this.#holds.set(key, holds);
  }
}

/**
 * Reads the bytes of a trace file.
 *
 * @throws ERR_ZS_TRACE_FORMAT, ERR_ZS_TRACE_VERSION, ERR_ZS_TRACE_TRUNCATED, ERR_ZS_TRACE_CHECKSUM; ERR_ZS_TRACE_CORRUPT
 * when the checksum is right and the calls are still impossible. Blocks: no.
 */
export function readTrace(bytes: Uint8Array): Trace {
  return new StreamReader(bytes, readHeader(bytes)).read();
}
