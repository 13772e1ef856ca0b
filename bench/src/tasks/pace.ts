// Time in tasks: naps, holds, and the schedule of an open loop.
//
// An open loop's operations have intended starts that do not depend on how long the last one took. Latency counts from the
// intended start: an operation that had to wait behind a stalled one is late by that wait too ("coordinated omission" is
// to leave that out).

import type { Random } from '../random.ts';

const nobody = new Int32Array(new SharedArrayBuffer(4));
/** A timed wait ends up to this much late: what is nearer is spun for. */
const SPIN_MS = 0.1;

/** Sleeps as a descheduled agent does: without letting go of anything. */
export function nap(ms: number): void {
  Atomics.wait(nobody, 0, 0, ms);
}

/** Keeps the core busy until the clock says so. */
export function spinUntil(timeMs: number): void {
  while (performance.now() < timeMs);
}

/** Events at random: exponential distances, so that no rhythm of the program meets them. */
export class RandomTimes {
  readonly #random: Random;
  readonly #meanMs: number;
  #nextMs: number;

  /** No events at all with a mean of Infinity. */
  constructor(random: Random, meanMs: number) {
    this.#random = random;
    this.#meanMs = meanMs;
    this.#nextMs = performance.now() + this.#distance();
  }

  #distance(): number {
    return -Math.log((this.#random.next() + 1) / 0x1_0000_0001) * this.#meanMs;
  }

  /** Time of the next event. */
  get nextMs(): number {
    return this.#nextMs;
  }

  /** The event has come: on to the one after it, which may lie in the past. */
  advance(): void {
    this.#nextMs += this.#distance();
  }

  /** Forgets events that lie in the past. */
  restart(): void {
    this.#nextMs = performance.now() + this.#distance();
  }

  /** True, once for each event, when its time has come; events that were missed meanwhile are forgotten. */
  isDue(nowMs: number): boolean {
    if (nowMs < this.#nextMs) return false;
    this.#nextMs = nowMs + this.#distance();
    return true;
  }

  /** Sleeps until the next event, unless it lies in the past. */
  sleepUntilNext(): void {
    const early = this.#nextMs - performance.now();
    if (early > SPIN_MS) nap(early - SPIN_MS);
    spinUntil(this.#nextMs);
  }
}
