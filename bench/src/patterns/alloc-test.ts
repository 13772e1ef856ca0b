// alloc-test: each worker allocates and frees at random, with sizes that are mostly small and sometimes large.
//
// Source: the description of the OLogN allocator tester ("alloc-test") in the overview of mimalloc-bench: random slots,
// sizes and lifetimes with heavy tails, and memory that is written; written afresh.

import type { Random } from '../random.ts';
import type { Steps } from '../crew/steps.ts';
import { OBJECT_BYTES_MAX, OBJECT_BYTES_MIN } from './heap.ts';
import type { Pattern, PatternWorker } from './pattern.ts';

const WORKER_RECORDS = 2048;
const OCTAVES = Math.log2(OBJECT_BYTES_MAX / OBJECT_BYTES_MIN);
/** Sizes above the least follow 2^(OCTAVES u^2): half are below 38 bytes, the mean is near 350. */
const MEAN_BYTES = 400;

/** A size with a heavy tail, from 8 to 4096. */
export function heavyTailedSize(random: Random): number {
  const uniform = random.next() / 2 ** 32;
  return Math.min(OBJECT_BYTES_MAX, Math.floor(OBJECT_BYTES_MIN * 2 ** (OCTAVES * uniform * uniform)));
}

/** A slot with a heavy tail: some are chosen again and again, most rarely, so lifetimes differ by orders. */
function heavyTailedSlot(random: Random): number {
  const uniform = random.next() / 2 ** 32;
  return Math.floor(WORKER_RECORDS * uniform * uniform * uniform);
}

class AllocTestSteps implements Steps {
  readonly #worker: PatternWorker;
  readonly #first: number;

  constructor(worker: PatternWorker) {
    this.#worker = worker;
    this.#first = worker.index * WORKER_RECORDS;
  }

  step(): number {
    const { objects } = this.#worker;
    const record = this.#first + heavyTailedSlot(objects.random);
    if (objects.table.handleOf(record) !== 0) return objects.drop(record);
    return objects.put(record, heavyTailedSize(objects.random));
  }
}

export const allocTest: Pattern = {
  id: 'alloc-test',
  title: 'alloc-test: sizes and lifetimes with heavy tails',
  description:
    'Each worker picks one of 2048 slots of its own, some far more often than others, and frees what is there or allocates 8 to 4096 bytes, mostly small. Nothing is shared but the allocator.',
  operation: 'a malloc with its write, or a free with its check',
  poolBytes: (workers) => workers * WORKER_RECORDS * MEAN_BYTES,
  records: (workers) => workers * WORKER_RECORDS,
  words: () => 0,
  steps: (worker) => new AllocTestSteps(worker),
};
