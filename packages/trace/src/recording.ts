// One agent's side of a recording: its calls, as words in buffers of its own, and the stamps that order all agents.
//
// EVENT     4 words: op + value * 8 | handle | stamp | offset
// MARK      4 words: TAG_CONTROL | microseconds, low 32 bits | 0 | high bits
//
// STAMPS    malloc and free take the next number of a shared counter; every other call reads the counter.
//   malloc is stamped after the pool has returned, all others before the pool is called. Whoever got a handle from another
//   agent, by whatever means, therefore stamps later than its malloc; and whoever frees an object that the others are done
//   with stamps later than their uses. One handle's lives are told apart by these stamps alone.

import { TraceError } from './errors.ts';
import { AGENTS_MAX, KINDS } from './format.ts';
import { TAG_CONTROL } from './operations.ts';

/** Plain data: send it to the application's workers, beside the pool's descriptor. */
export interface RecordingDescriptor {
  readonly kind: 'zsmalloc-recording';
  readonly id: string;
  readonly startMs: number;
  readonly words: SharedArrayBuffer;
}

/** What one agent has recorded. Plain data: send it to the agent that merges. */
export interface RecordedPart {
  readonly kind: 'zsmalloc-recorded-part';
  readonly recordingId: string;
  readonly objectBytesMax: number;
  readonly agent: number;
  readonly name: string;
  readonly lost: number;
  readonly chunks: readonly Int32Array[];
}

export const EVENT_WORDS = 4;
/** The counter and the count of agents lie on cache lines of their own: every agent reads the first all the time. */
const STAMP_WORD = 0;
const AGENTS_WORD = 16;
const SHARED_WORDS = 32;
/** 1 MiB each. */
const CHUNK_EVENTS = 2 ** 16;
/** Between two looks at the clock: one costs about as much as four events. */
const EVENTS_PER_MARK = 64;

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** See the head of the file. One for each agent; `record` makes it. */
export class Recording {
  readonly agent: number;
  readonly name: string;
  readonly #descriptor: RecordingDescriptor;
  readonly #objectBytesMax: number;
  readonly #words: Int32Array;
  readonly #eventsMax: number;
  readonly #chunks: Int32Array[] = [];
  #chunk: Int32Array = new Int32Array(CHUNK_EVENTS * EVENT_WORDS);
  #at = 0;
  #events = 0;
  #lost = 0;
  #toMark = 1;
  #ended = false;

  constructor(descriptor: RecordingDescriptor, objectBytesMax: number, name: string | undefined, eventsMax: number) {
    this.#descriptor = descriptor;
    this.#objectBytesMax = objectBytesMax;
    this.#words = new Int32Array(descriptor.words);
    this.#eventsMax = eventsMax;
    // order: relaxed. Only the uniqueness of the number matters.
    this.agent = Atomics.add(this.#words, AGENTS_WORD, 1);
    if (this.agent >= AGENTS_MAX) {
      throw new TraceError(
        'ERR_ZS_TRACE_PARTS',
        `cannot record: ${AGENTS_MAX} agents have joined this recording, and that is the most. Record fewer at once.`,
        { agentsMax: AGENTS_MAX },
      );
    }
    this.name = name ?? `agent ${this.agent}`;
  }

  static begin(): RecordingDescriptor {
    return {
      kind: 'zsmalloc-recording',
      id: crypto.randomUUID(),
      startMs: nowMs(),
      words: new SharedArrayBuffer(SHARED_WORDS * 4),
    };
  }

  /** For the other agents of the application: they pass it to `record` as `join`. Blocks: no. */
  descriptor(): RecordingDescriptor {
    return this.#descriptor;
  }

  /** Calls recorded so far. */
  get events(): number {
    return this.#events;
  }

  /** A stamp for a malloc that has returned, or a free about to begin. */
  nextStamp(): number {
    // order: acq_rel, pairs with itself and stamp.
    return Atomics.add(this.#words, STAMP_WORD, 1);
  }

  /** A stamp for any other call about to begin. */
  stamp(): number {
    // order: acquire, pairs with nextStamp. Whoever has a handle sees the stamp of its malloc.
    return Atomics.load(this.#words, STAMP_WORD);
  }

  append(op: number, handle: number, stamp: number, value: number, offset: number): void {
    if (this.#events >= this.#eventsMax || this.#ended) {
      this.#lost++;
      return;
    }
    if (--this.#toMark === 0) this.#mark();
    if (this.#at === this.#chunk.length) this.#nextChunk();
    const chunk = this.#chunk;
    const at = this.#at;
    chunk[at] = op + value * KINDS;
    chunk[at + 1] = handle;
    chunk[at + 2] = stamp;
    chunk[at + 3] = offset;
    this.#at = at + EVENT_WORDS;
    this.#events++;
  }

  /**
   * Ends this agent's recording; later calls of its pool are not recorded.
   *
   * @throws ERR_ZS_TRACE_ENDED the second time. Blocks: no.
   */
  end(): RecordedPart {
    if (this.#ended) {
      throw new TraceError('ERR_ZS_TRACE_ENDED', 'cannot end the recording: this agent has ended it. Use that part.');
    }
    this.#ended = true;
    const chunks = [...this.#chunks, this.#chunk.slice(0, this.#at)];
    this.#chunks.length = 0;
    return {
      kind: 'zsmalloc-recorded-part',
      recordingId: this.#descriptor.id,
      objectBytesMax: this.#objectBytesMax,
      agent: this.agent,
      name: this.name,
      lost: this.#lost,
      chunks,
    };
  }

  #mark(): void {
    this.#toMark = EVENTS_PER_MARK;
    if (this.#at === this.#chunk.length) this.#nextChunk();
    const us = Math.max(0, Math.round((nowMs() - this.#descriptor.startMs) * 1000));
    this.#chunk[this.#at] = TAG_CONTROL;
    this.#chunk[this.#at + 1] = us;
    this.#chunk[this.#at + 2] = 0;
    this.#chunk[this.#at + 3] = Math.floor(us / 2 ** 32);
    this.#at += EVENT_WORDS;
  }

  #nextChunk(): void {
    this.#chunks.push(this.#chunk);
    this.#chunk = new Int32Array(CHUNK_EVENTS * EVENT_WORDS);
    this.#at = 0;
  }
}
