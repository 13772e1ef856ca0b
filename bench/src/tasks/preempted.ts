// The work of Q1: agents that want the same lock, whose holder is now and then preempted.
//
// HOLDER   'class'   an exclusive section under one class lock, as malloc and free have them
//          'mover'   reads of a shared pool; now and then a section as compaction has it, and it is the mover who naps
//          'reader'  the same, but the nap is inside a read
//
// A preemption is a nap inside the section, at random times, as often for slow strategies as for fast ones: the operating
// system preempts by the clock, not by the operation. Phase 'closed' goes on as fast as it can; phase 'open' has intended
// starts.

import { strategyOf } from '@zsmalloc/core/strategy';
import type { BoundStrategy } from '@zsmalloc/core/strategy';
import type { Task, TaskContext } from '../crew/task.ts';
import type { LatencyRecorder } from '../latencies.ts';
import type { Random } from '../random.ts';
import { StampedSlots } from '../stamped-slots.ts';
import { RandomTimes, nap, spinUntil } from './pace.ts';

export type Holder = 'class' | 'mover' | 'reader';

/** What a worker of Q1 is given. */
export interface PreemptedPlan {
  readonly holder: Holder;
  /** Length of a section beside its lock calls. */
  readonly holdUs: number;
  /** Mean time between two naps, all workers together; null without preemption. */
  readonly napEveryMs: number | null;
  readonly napMs: number;
  /** Operations of the open phase in a second, all workers together. */
  readonly openPerSecond: number;
  readonly slots: SharedArrayBuffer;
  /** One word that sections under the class lock count up, plainly: the lock excludes, or the count comes out short. */
  readonly counter: SharedArrayBuffer;
  readonly zspages: number;
}

/** Series of samples. */
export const SERIES = { closed: 0, open: 1 } as const;

const BATCH = 32;
/** One operation in so many is a move where the holder is a mover or a reader. */
const MOVE_EVERY = 256;
const CLASS_LOCK = 0;

class PreemptedTask implements Task {
  readonly #plan: PreemptedPlan;
  readonly #bound: BoundStrategy;
  readonly #slots: StampedSlots;
  readonly #random: Random;
  readonly #latencies: LatencyRecorder;
  readonly #counter: Int32Array;
  readonly #naps: RandomTimes;
  readonly #starts: RandomTimes;
  readonly #hold: () => void;
  #open = false;
  #sections = 0;
  #napped = 0;
  #acquiredMs = 0;
  #napDue = false;

  constructor({ pool, real, workers, plan, random, latencies }: TaskContext) {
    this.#plan = plan as PreemptedPlan;
    const { slots, counter, napEveryMs, openPerSecond } = this.#plan;
    this.#bound = strategyOf(real!);
    this.#slots = new StampedSlots(pool!, slots);
    this.#random = random;
    this.#latencies = latencies;
    this.#counter = new Int32Array(counter);
    this.#naps = new RandomTimes(random, napEveryMs === null ? Infinity : napEveryMs * workers);
    this.#starts = new RandomTimes(random, (1000 * workers) / openPerSecond);
    this.#hold = () => this.#inside();
  }

  enter(phase: string): void {
    this.#open = phase === 'open';
    this.#starts.restart();
    this.#naps.restart();
    this.#napped = 0;
  }

  batch(): number {
    if (this.#open) return this.#openOperation();
    for (let count = 0; count < BATCH; count++) {
      const startMs = performance.now();
      this.#operation();
      this.#latencies.record(this.#acquiredMs - startMs, SERIES.closed);
    }
    return BATCH;
  }

  #openOperation(): number {
    this.#starts.sleepUntilNext();
    const intendedMs = this.#starts.nextMs;
    this.#starts.advance();
    this.#operation();
    this.#latencies.record(this.#acquiredMs - intendedMs, SERIES.open);
    return 1;
  }

  /** Since the task began: the counter is never set back. */
  counts(): Record<string, number> {
    return { sections: this.#sections, naps: this.#napped };
  }

  #operation(): void {
    const { holder, holdUs } = this.#plan;
    this.#napDue = this.#naps.isDue(performance.now());
    if (holder === 'class') {
      this.#classSection();
      // Outside the lock for as long as inside.
      if (holdUs > 0) spinUntil(performance.now() + holdUs / 1000);
      return;
    }
    const moves = this.#random.below(MOVE_EVERY) === 0;
    // The nap falls to whom the scenario says.
    if (this.#napDue ? holder === 'mover' : moves) this.#moveSection();
    else this.#slots.read(this.#random.below(this.#slots.count), this.#hold);
  }

  /** What a holder does: work, and sleep when it is preempted. */
  #inside(): void {
    this.#acquiredMs = performance.now();
    const { holdUs, napMs } = this.#plan;
    if (holdUs > 0) spinUntil(this.#acquiredMs + holdUs / 1000);
    if (!this.#napDue) return;
    this.#napDue = false;
    this.#napped++;
    nap(napMs);
  }

  #classSection(): void {
    const bound = this.#bound;
    bound.lock(CLASS_LOCK);
    this.#counter[0]!++;
    this.#inside();
    bound.unlock(CLASS_LOCK);
    this.#sections++;
  }

  /** A mover's locks as core takes them, without a move. */
  #moveSection(): void {
    const bound = this.#bound;
    bound.moveBegin();
    bound.lock(CLASS_LOCK);
    const zspage = 1 + this.#random.below(this.#plan.zspages);
    this.#counter[0]!++;
    this.#sections++;
    const got = bound.relocateBegin(zspage);
    this.#inside();
    if (got) bound.relocateEnd(zspage);
    bound.unlock(CLASS_LOCK);
    bound.moveEnd();
  }
}

export function createTask(context: TaskContext): Task {
  return new PreemptedTask(context);
}
