// cache-scratch and cache-thrash: small objects that workers write again and again. What a pool adds to the cache line is
// the zspage: neighbours share its lock.
//
// Source: E. Berger et al., "Hoard: A Scalable Memory Allocator for Multithreaded Applications", ASPLOS 2000, where they
// test for passive and active false sharing; written from that description.

import type { Steps } from '../crew/steps.ts';
import type { Pattern, PatternWorker } from './pattern.ts';

const SIZE = 8;
/** Writes of one object between its malloc and its free. */
const WRITES = 100;
/** Records of different workers lie on different cache lines, so that what is shared is the objects. */
const RECORDS_APART = 8;

class CacheLineSteps implements Steps {
  readonly #worker: PatternWorker;
  readonly #record: number;

  constructor(worker: PatternWorker) {
    this.#worker = worker;
    this.#record = worker.index * RECORDS_APART;
  }

  step(): number {
    const { objects } = this.#worker;
    const record = this.#record;
    const dropped = objects.table.handleOf(record) === 0 ? 0 : objects.drop(record);
    if (objects.put(record, SIZE) === 0) return dropped;
    for (let count = 0; count < WRITES; count++) objects.refill(record);
    return dropped + 1 + WRITES;
  }
}

const common = {
  operation: 'a write of 8 bytes; one in 51 is a malloc or a free',
  // The smallest pool would do.
  poolBytes: () => 2 ** 18,
  records: (workers: number) => workers * RECORDS_APART,
  words: () => 0,
  steps: (worker: PatternWorker) => new CacheLineSteps(worker),
};

export const cacheThrash: Pattern = {
  ...common,
  id: 'cache-thrash',
  title: 'cache-thrash: workers write objects that they allocate side by side',
  description:
    'Each worker allocates an object of 8 bytes, writes it 100 times, checks and frees it. Slows down with more workers where the allocator puts objects of different workers next to each other (active false sharing).',
};

export const cacheScratch: Pattern = {
  ...common,
  id: 'cache-scratch',
  title: 'cache-scratch: workers write objects that one agent allocated side by side',
  description:
    'The main agent allocates an object for each worker, one next to the other; each worker frees that one, and goes on as in cache-thrash. Slows down with more workers where freed neighbours are given out again (passive false sharing).',
  prepare(objects, workers) {
    for (let index = 0; index < workers; index++) objects.put(index * RECORDS_APART, SIZE);
  },
};
