// A trace as the bytes of a file.

import { crc32 } from './crc32.ts';
import { CRC_BYTES, KINDS, MAGIC, NAME_BYTES_MAX, TRACE_VERSION } from './format.ts';
import { OP, TAG_CONTROL } from './operations.ts';
import type { Trace } from './trace.ts';
import { ByteWriter } from './varint.ts';

/** Names are for people: a long one is cut where it would end inside a character. */
function nameBytes(name: string): Uint8Array {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length <= NAME_BYTES_MAX) return bytes;
  let end = NAME_BYTES_MAX;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

function writeStream({ events }: Trace): Uint8Array {
  const out = new ByteWriter();
  let agent = 0;
  let timeUs = 0;
  let objects = 0;
  for (let at = 0; at < events.count; at++) {
    const time = Math.floor(events.times[at]!);
    if (time > timeUs) {
      out.varint(((time - timeUs) * 2 + 1) * KINDS + TAG_CONTROL);
      timeUs = time;
    }
    if (events.agents[at] !== agent) {
      agent = events.agents[at]!;
      out.varint(agent * 2 * KINDS + TAG_CONTROL);
    }
    const op = events.ops[at]!;
    if (op === OP.malloc) {
      out.varint(events.values[at]! * KINDS + op);
      objects++;
    } else if (op === OP.compact) {
      out.varint(events.values[at]! * KINDS + op);
    } else {
      out.varint((objects - 1 - events.objects[at]!) * KINDS + op);
      if (op === OP.write) {
        out.varint(events.values[at]!);
        out.varint(events.offsets[at]!);
      }
    }
  }
  return out.finish();
}

/** The bytes of a trace file. What `readTrace` returns for them equals `trace`, times to the microsecond. */
export function writeTrace(trace: Trace): Uint8Array {
  const stream = writeStream(trace);
  const out = new ByteWriter();
  out.bytes(MAGIC);
  out.varint(TRACE_VERSION);
  out.varint(trace.objectBytesMax);
  out.varint(trace.agents.length);
  for (const { name, events, lost } of trace.agents) {
    const bytes = nameBytes(name);
    out.varint(bytes.length);
    out.bytes(bytes);
    out.varint(events);
    out.varint(lost);
  }
  out.varint(trace.sizes.length);
  out.varint(trace.events.count);
  out.varint(trace.dropped);
  out.varint(stream.length);
  out.bytes(stream);
  const body = out.finish();
  const file = new Uint8Array(body.length + CRC_BYTES);
  file.set(body);
  new DataView(file.buffer).setUint32(body.length, crc32(body, body.length), true);
  return file;
}
