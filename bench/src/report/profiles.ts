// Users that the report answers first: what they need, in their words.

import type { Needs } from './needs.ts';

export interface Profile {
  readonly id: string;
  readonly title: string;
  readonly needs: (cores: number) => Needs;
}

const any: Needs = { aim: 'throughput', workers: null, readShare: null, must: [] };

/** In the order of the report. `cores` are those of the machine that was measured. */
export const PROFILES: readonly Profile[] = [
  {
    id: 'few-workers',
    title: 'As many workers as cores, most work done',
    needs: (cores) => ({ ...any, workers: cores }),
  },
  {
    id: 'oversubscribed',
    title: 'More workers than cores: a server under load, a container with few cores',
    needs: (cores) => ({ ...any, workers: 4 * cores }),
  },
  {
    id: 'read-mostly',
    title: 'A cache: nineteen of twenty operations read',
    needs: () => ({ ...any, readShare: 0.95 }),
  },
  {
    id: 'write-heavy',
    title: 'A queue: half of the operations write, allocate or free',
    needs: () => ({ ...any, readShare: 0.5 }),
  },
  {
    id: 'latency',
    title: 'The slowest of a hundred operations matters, more workers than cores',
    needs: (cores) => ({ ...any, aim: 'tail', workers: 4 * cores }),
  },
  {
    id: 'main-thread',
    title: "A browser's main thread takes part",
    needs: () => ({ ...any, must: ['mainThread', 'neverPark'] }),
  },
  {
    id: 'await',
    title: 'Objects stay in use across await, for instance while they are sent',
    needs: () => ({ ...any, must: ['holdAcrossAwait'] }),
  },
  { id: 'killed', title: 'Workers are terminated at any moment', needs: () => ({ ...any, must: ['robust'] }) },
];
