// mstress: objects of all sizes, some short-lived, some kept over many rounds, some that wander between workers.
//
// Source: the description of mstress in the overview of mimalloc-bench: it simulates real programs whose threads keep
// some objects, free others, and exchange some through a shared array; written afresh.
//
// RULES
//   1. A worker's own records are its own without a lock. Records of the shared array are owned one by one.
//   2. A round ends with all but the kept objects freed: every eighth object stays for the next round.

import type { Steps } from '../crew/steps.ts';
import { heavyTailedSize } from './alloc-test.ts';
import type { Pattern, PatternWorker } from './pattern.ts';

const WORKER_RECORDS = 1000;
const SHARED_RECORDS = 1000;
const KEPT_EVERY = 8;
const ROUND_STEPS = 8000;
const MEAN_BYTES = 400;

class MstressSteps implements Steps {
  readonly #worker: PatternWorker;
  readonly #first: number;
  readonly #shared: number;
  #left = ROUND_STEPS;
  /** Next record to be freed at the end of a round; none while a round lasts. */
  #ending = WORKER_RECORDS;

  constructor(worker: PatternWorker) {
    this.#worker = worker;
    this.#first = worker.index * WORKER_RECORDS;
    this.#shared = worker.workers * WORKER_RECORDS;
  }

  step(): number {
    if (this.#ending < WORKER_RECORDS) return this.#endRound();
    if (--this.#left === 0) {
      this.#left = ROUND_STEPS;
      this.#ending = 0;
    }
    const { objects } = this.#worker;
    const { random, table } = objects;
    const record = this.#first + random.below(WORKER_RECORDS);
    const dice = random.below(4);
    if (dice === 0) return this.#exchange(record);
    if (table.handleOf(record) === 0) return objects.put(record, heavyTailedSize(random));
    // Twice as likely to allocate as to free, so that the records fill during a round.
    return dice === 1 ? objects.drop(record) : 0;
  }

  /** Swaps an object with one of the shared array, or with nothing. */
  #exchange(record: number): number {
    const { table, random } = this.#worker.objects;
    const other = this.#shared + random.below(SHARED_RECORDS);
    if (!table.tryOwn(other)) return 0;
    table.swap(record, other);
    table.disown(other);
    return 0;
  }

  /** Frees the objects of a round, one a step, as everything else is. */
  #endRound(): number {
    const { objects } = this.#worker;
    while (this.#ending < WORKER_RECORDS) {
      const index = this.#ending++;
      const record = this.#first + index;
      if (index % KEPT_EVERY !== 0 && objects.table.handleOf(record) !== 0) return objects.drop(record);
    }
    return 0;
  }
}

export const mstress: Pattern = {
  id: 'mstress',
  title: 'mstress: rounds, kept objects, and objects that wander',
  description:
    'Each worker fills and empties 1000 slots in rounds, keeps one object in eight over rounds, and swaps objects of 8 to 4096 bytes with a shared array, from which others take and free them.',
  operation: 'a malloc with its write, or a free with its check',
  poolBytes: (workers) => (workers * WORKER_RECORDS + SHARED_RECORDS) * MEAN_BYTES,
  records: (workers) => workers * WORKER_RECORDS + SHARED_RECORDS,
  words: () => 0,
  steps: (worker) => new MstressSteps(worker),
};
