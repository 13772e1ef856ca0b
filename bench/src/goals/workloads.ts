// What the goals are measured on. Each workload exists twice with the same numbers: ./kernels.ts for everything that
// JavaScript can call, ../../native/goals.c for native threads. Change both.

/** A workload, and the numbers of agents that a goal needs. */
export interface Workload {
  readonly id: string;
  readonly title: string;
  /** What counts as one operation. */
  readonly operation: string;
  readonly agents: readonly number[];
  /** True where values are stored and fetched by key too: stores without addresses can do the same work. */
  readonly stores: boolean;
  /** Bytes of each object; 0 where they differ. */
  readonly sizeBytes: number;
}

const MALLOC_OR_FREE = 'a malloc or a free';
const CYCLE = 'a malloc, a write, a read and a free';

const cycle = (sizeBytes: number): Workload => ({
  id: `cycle-${sizeBytes}`,
  title: `put, get and free of ${sizeBytes} bytes`,
  operation: CYCLE,
  agents: [1, 2, 8],
  stores: true,
  sizeBytes,
});

/** In the order of the tables. */
export const WORKLOADS: readonly Workload[] = [
  {
    id: 'pair',
    title: 'malloc and free of 100 bytes in turn',
    operation: MALLOC_OR_FREE,
    agents: [1, 2],
    stores: false,
    sizeBytes: 100,
  },
  {
    id: 'larson',
    title: 'larson: 16 to 512 bytes into 1024 random slots of the agent, what was there is freed',
    operation: MALLOC_OR_FREE,
    agents: [1, 2],
    stores: false,
    sizeBytes: 0,
  },
  {
    id: 'larson-shared',
    title: 'larson on 4096 slots that the agents share: half of the frees are of the other agent',
    operation: MALLOC_OR_FREE,
    agents: [2],
    stores: false,
    sizeBytes: 0,
  },
  {
    id: 'xmalloc-test',
    title: 'xmalloc-test: one agent allocates 8 to 256 bytes, the other frees, 64 at a time',
    operation: MALLOC_OR_FREE,
    agents: [2],
    stores: false,
    sizeBytes: 0,
  },
  {
    id: 'alloc-test',
    title: 'alloc-test: 8 to 4000 bytes with heavy tails in 2048 slots of the agent',
    operation: MALLOC_OR_FREE,
    agents: [1, 2],
    stores: false,
    sizeBytes: 0,
  },
  {
    id: 'mstress',
    title: 'mstress: rounds of 8000 steps, one object in eight kept, swaps with a shared array',
    operation: MALLOC_OR_FREE,
    agents: [1, 2],
    stores: false,
    sizeBytes: 0,
  },
  {
    id: 'cache-scratch',
    title: 'cache-scratch: an object of another agent freed, then 8 bytes written 100 times, again and again',
    operation: 'a malloc with 100 writes and a free',
    agents: [1, 2],
    stores: false,
    sizeBytes: 8,
  },
  {
    id: 'cache-thrash',
    title: 'cache-thrash: 8 bytes allocated, written 100 times and freed, again and again',
    operation: 'a malloc with 100 writes and a free',
    agents: [1, 2],
    stores: false,
    sizeBytes: 8,
  },
  cycle(100),
  cycle(1000),
  cycle(4000),
  {
    id: 'access-100',
    title: 'reads and writes in turn of 100 bytes, 256 objects of an agent, all of one size class',
    operation: 'a read or a write',
    agents: [1, 2, 8],
    stores: true,
    sizeBytes: 100,
  },
];

export function findWorkload(id: string): Workload {
  const found = WORKLOADS.find((workload) => workload.id === id);
  if (found === undefined) throw new Error(`there is no workload "${id}".`);
  return found;
}
