// The work of Q2: reads and replacements of a worker's own objects, which share zspages and classes with everybody's.

import type { Task, TaskContext } from '../crew/task.ts';
import type { LatencyRecorder } from '../latencies.ts';
import type { Random } from '../random.ts';
import { StampedSlots } from '../stamped-slots.ts';

/** What a worker of Q2 is given. */
export interface WriteSharePlan {
  readonly writePercent: number;
  readonly slots: SharedArrayBuffer;
}

/** Series of samples. */
export const SERIES = { read: 0, write: 1 } as const;

const BATCH = 64;
/** One operation in so many is timed: two calls of the clock cost as much as a read. */
const TIMED_EVERY = 16;

class WriteShareTask implements Task {
  readonly #slots: StampedSlots;
  readonly #random: Random;
  readonly #latencies: LatencyRecorder;
  readonly #writePercent: number;
  readonly #first: number;
  readonly #workers: number;
  readonly #own: number;
  #refused = 0;

  constructor({ pool, index, workers, plan, random, latencies }: TaskContext) {
    const { writePercent, slots } = plan as WriteSharePlan;
    this.#slots = new StampedSlots(pool!, slots);
    this.#random = random;
    this.#latencies = latencies;
    this.#writePercent = writePercent;
    this.#first = index - 1;
    this.#workers = workers;
    this.#own = Math.floor(this.#slots.count / workers);
  }

  enter(): void {
    this.#refused = 0;
  }

  batch(): number {
    for (let count = 0; count < BATCH; count++) {
      if (count % TIMED_EVERY !== 0) {
        this.#operation();
        continue;
      }
      const startMs = performance.now();
      const series = this.#operation();
      this.#latencies.record(performance.now() - startMs, series);
    }
    return BATCH;
  }

  #operation(): number {
    const slot = this.#first + this.#workers * this.#random.below(this.#own);
    if (this.#random.below(100) >= this.#writePercent) {
      this.#slots.read(slot);
      return SERIES.read;
    }
    if (!this.#slots.replace(slot, this.#random)) this.#refused++;
    return SERIES.write;
  }

  counts(): Record<string, number> {
    return { refused: this.#refused };
  }
}

export function createTask(context: TaskContext): Task {
  return new WriteShareTask(context);
}
