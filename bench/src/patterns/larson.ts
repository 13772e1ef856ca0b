// larson: a server's threads replace objects at random and hand their objects on to the next thread.
//
// Source: P. Larson and M. Krishnan, "Memory Allocation for Long-Running Server Applications", ISMM 1998, as described
// there and in the overview of mimalloc-bench; written afresh. A thread that ends and bequeaths its objects to a new one
// is a worker that goes on with another block here: what matters is that objects are freed by who did not allocate them.

import type { Steps } from '../crew/steps.ts';
import { OBJECT_BYTES_MIN } from './heap.ts';
import type { Pattern, PatternWorker } from './pattern.ts';

const BLOCK_RECORDS = 1000;
const BLOCKS_PER_WORKER = 2;
const SIZE_MAX = 500;
/** Steps on one block before it is handed on. */
const TENURE_STEPS = 2000;

class LarsonSteps implements Steps {
  readonly #worker: PatternWorker;
  readonly #blocks: number;
  #block: number;
  #left = TENURE_STEPS;

  constructor(worker: PatternWorker) {
    this.#worker = worker;
    this.#blocks = worker.workers * BLOCKS_PER_WORKER;
    this.#block = this.#own(worker.index * BLOCKS_PER_WORKER);
  }

  /** Owns the first free block from `start` on. There are more blocks than workers. */
  #own(start: number): number {
    const { table } = this.#worker.objects;
    let block = start % this.#blocks;
    while (!table.tryOwn(block * BLOCK_RECORDS)) block = (block + 1) % this.#blocks;
    return block;
  }

  step(): number {
    const { objects } = this.#worker;
    if (--this.#left === 0) {
      this.#left = TENURE_STEPS;
      objects.table.disown(this.#block * BLOCK_RECORDS);
      this.#block = this.#own(this.#block + 1);
    }
    const { random, table } = objects;
    const record = this.#block * BLOCK_RECORDS + random.below(BLOCK_RECORDS);
    const dropped = table.handleOf(record) === 0 ? 0 : objects.drop(record);
    return dropped + objects.put(record, OBJECT_BYTES_MIN + random.below(SIZE_MAX - OBJECT_BYTES_MIN + 1));
  }
}

export const larson: Pattern = {
  id: 'larson',
  title: 'larson: a server with objects that change hands',
  description:
    'Each worker replaces random objects of 8 to 500 bytes in a block of 1000, and after 2000 steps goes on with a block that another worker has left. Asks for speed when objects are freed by who did not allocate them.',
  operation: 'a malloc with its write, or a free with its check',
  poolBytes: (workers) => workers * BLOCKS_PER_WORKER * BLOCK_RECORDS * SIZE_MAX,
  records: (workers) => workers * BLOCKS_PER_WORKER * BLOCK_RECORDS,
  words: () => 0,
  steps: (worker) => new LarsonSteps(worker),
};
