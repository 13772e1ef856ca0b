// One agent of a trace: makes its calls in their order, and waits for other agents where the plan says so.
//
// Waiting for another agent is not the allocator's time: the clock of a call starts behind it, and it is summed up apart.

import { setImmediate as turn } from 'node:timers/promises';
import { OP } from '@zsmalloc/trace';
import { LatencyHistogram } from '../latencies.ts';
import type { ObjectStates } from './object-states.ts';
import type { Pace } from './pace.ts';
import { CALL_WORDS, FLAG, OP_MASK } from './plan.ts';
import type { TraceHeap } from './trace-heap.ts';

/** Calls between two looks at the pace. */
const CALLS_PER_BATCH = 64;
/** Batches between two returns to the event loop, where a strategy may see the end of a turn. */
const BATCHES_PER_TURN = 8;
/** One call in so many is timed. Unlike 8, it is no divisor of what programs repeat. */
const TIMED_EVERY = 7;
/** Looks at another agent's progress before this one sleeps. */
const SPINS = 200;
/** Sleeps end by a notification; this only bounds them. */
const SLEEP_MS = 100;

/** What a call works on. */
export interface AgentWork {
  readonly calls: Int32Array;
  readonly left: Int32Array;
  readonly sizes: Int32Array;
  readonly states: ObjectStates;
  readonly pace: Pace;
}

/** See the head of the file. */
export class TraceAgent {
  readonly latency: LatencyHistogram = new LatencyHistogram();
  /** Time spent waiting for other agents. */
  waitMs = 0;
  verified = 0;
  verifiedBytes = 0;
  readonly #work: AgentWork;

  constructor(work: AgentWork) {
    this.#work = work;
  }

  get calls(): number {
    return this.#work.calls.length / CALL_WORDS;
  }

  /** Makes all calls once. */
  async run(heap: TraceHeap, lap: number): Promise<void> {
    const { calls, pace } = this.#work;
    pace.begin();
    let batches = 0;
    for (let word = 0; word < calls.length;) {
      const end = Math.min(calls.length, word + CALLS_PER_BATCH * CALL_WORDS);
      const position = calls[word + CALL_WORDS - 1]!;
      pace.store(position);
      if (!pace.mayGoTo(position)) await this.#fallIn(position);
      word = this.#batch(heap, lap, word, end);
      if (word < end) await this.#sleep(word, lap);
      else if (++batches % BATCHES_PER_TURN === 0) await turn();
    }
    pace.finish();
  }

  /** Verifies and frees what the trace leaves. All agents are through with the lap. */
  freeLeft(heap: TraceHeap): void {
    const { left, sizes, states } = this.#work;
    for (const object of left) {
      const handle = states.handles[object]!;
      this.#read(heap, handle, object, sizes[object]!);
      heap.free(handle);
    }
  }

  /** Makes calls until `end`, or until one has to wait longer than a spin; returns the word of the next call. */
  #batch(heap: TraceHeap, lap: number, start: number, end: number): number {
    const { calls } = this.#work;
    for (let word = start; word < end; word += CALL_WORDS) {
      const head = calls[word]!;
      if ((head & (FLAG.awaitReady | FLAG.awaitQuiet)) !== 0 && !this.#spin(word, lap)) return word;
      if (word % (TIMED_EVERY * CALL_WORDS) === 0) {
        const begin = performance.now();
        this.#call(heap, word, lap);
        this.latency.record(performance.now() - begin);
      } else {
        this.#call(heap, word, lap);
      }
      if ((head & FLAG.useDone) !== 0) this.#work.states.useDone(calls[word + 1]!);
    }
    return end;
  }

  #call(heap: TraceHeap, word: number, lap: number): void {
    const { calls, sizes, states } = this.#work;
    const head = calls[word]!;
    const object = calls[word + 1]!;
    const op = head & OP_MASK;
    if (op === OP.malloc) this.#malloc(heap, head, object);
    else if (op === OP.compact) heap.compact(calls[word + 2]!);
    else if (op === OP.release) heap.release(object);
    else {
      const handle = states.handles[object]!;
      if (op === OP.read) this.#read(heap, handle, object, sizes[object]!);
      else if (op === OP.write) heap.write(handle, object, calls[word + 3]!, calls[word + 2]!);
      else if (op === OP.hold) heap.hold(handle, object, sizes[object]!);
      else {
        if ((head & FLAG.awaitQuiet) !== 0) states.resetUses(object);
        heap.free(handle);
      }
    }
    if ((head & FLAG.publish) !== 0) states.publish(object, lap);
  }

  #malloc(heap: TraceHeap, head: number, object: number): void {
    const size = this.#work.sizes[object]!;
    let handle = heap.malloc(size);
    if (handle === 0) {
      heap.compact(0);
      handle = heap.malloc(size);
    }
    if (handle === 0)
      throw new Error(`the pool of the replay is too small: no room for object ${object} of ${size} bytes.`);
    this.#work.states.handles[object] = handle;
    if ((head & FLAG.fill) !== 0) heap.write(handle, object, 0, size);
  }

  #read(heap: TraceHeap, handle: number, object: number, sizeBytes: number): void {
    heap.read(handle, object, sizeBytes);
    this.verified++;
    this.verifiedBytes += sizeBytes;
  }

  #mayGoOn(word: number, lap: number): boolean {
    const { calls, states } = this.#work;
    const head = calls[word]!;
    const object = calls[word + 1]!;
    if ((head & FLAG.awaitReady) !== 0 && !states.isReady(object, lap)) return false;
    return (head & FLAG.awaitQuiet) === 0 || states.isQuiet(object);
  }

  #spin(word: number, lap: number): boolean {
    if (this.#mayGoOn(word, lap)) return true;
    const begin = performance.now();
    let may = false;
    for (let spins = 0; spins < SPINS && !may; spins++) may = this.#mayGoOn(word, lap);
    this.waitMs += performance.now() - begin;
    return may;
  }

  /** Sleeps until the call may be made, between two turns: a strategy whose sections are turns is outside of one. */
  async #sleep(word: number, lap: number): Promise<void> {
    const begin = performance.now();
    const { calls, states, pace } = this.#work;
    pace.store(calls[word + CALL_WORDS - 1]!);
    await turn();
    const head = calls[word]!;
    const object = calls[word + 1]!;
    while (!this.#mayGoOn(word, lap)) {
      if ((head & FLAG.awaitReady) !== 0 && !states.isReady(object, lap)) states.sleepUntilReady(object, lap, SLEEP_MS);
      else states.sleepUntilQuiet(object, SLEEP_MS);
    }
    this.waitMs += performance.now() - begin;
  }

  /** Sleeps until the last agent has come near enough. */
  async #fallIn(position: number): Promise<void> {
    const begin = performance.now();
    await turn();
    while (!this.#work.pace.mayGoTo(position)) this.#work.pace.sleep();
    this.waitMs += performance.now() - begin;
  }
}
