// What a user needs from a lock, and which strategies can give it.

import type { Capabilities } from '@zsmalloc/core/strategy';
import type { Candidate } from './candidates.ts';

/** What is wanted most. */
export const AIMS = ['throughput', 'tail', 'memory'] as const;
export type Aim = (typeof AIMS)[number];

/** Needs that a capability answers. */
export interface CapabilityNeed {
  readonly id: 'mainThread' | 'holdAcrossAwait' | 'robust' | 'freeDuringRead' | 'neverPark';
  readonly flag: string;
  readonly help: string;
  /** What a strategy without it cannot do. */
  readonly lacks: string;
  readonly isMet: (capabilities: Capabilities) => boolean;
}

export const CAPABILITY_NEEDS: readonly CapabilityNeed[] = [
  {
    id: 'mainThread',
    flag: 'main-thread',
    help: "some agent must not block: a browser's main thread",
    lacks: 'does not work on an agent that cannot block (worksWithoutBlocking is false)',
    isMet: ({ worksWithoutBlocking }) => worksWithoutBlocking,
  },
  {
    id: 'holdAcrossAwait',
    flag: 'hold-across-await',
    help: 'objects are kept in place across an await',
    lacks: 'a read hold must not last across await (holdAcrossAwait is false)',
    isMet: ({ holdAcrossAwait }) => holdAcrossAwait,
  },
  {
    id: 'freeDuringRead',
    flag: 'free-during-read',
    help: 'objects may be freed while somebody reads them',
    lacks: "an object's bytes may change when it is freed during a read (freeDuringRead is false)",
    isMet: ({ freeDuringRead }) => freeDuringRead,
  },
  {
    id: 'robust',
    flag: 'robust',
    help: 'workers may be terminated at any moment',
    lacks: 'an agent that dies inside may hang the others (robust is false)',
    isMet: ({ robust }) => robust,
  },
  {
    id: 'neverPark',
    flag: 'never-park',
    help: 'no acquisition may park the agent in Atomics.wait',
    lacks: 'acquiring may park the agent until another wakes it (parks is true)',
    isMet: ({ parks }) => !parks,
  },
];

export interface Needs {
  readonly aim: Aim;
  /** Agents that use the pool at once; null: not said. */
  readonly workers: number | null;
  /** Share of operations that only read, 0 to 1; null: not said. */
  readonly readShare: number | null;
  /** Capabilities that must be there. */
  readonly must: readonly CapabilityNeed['id'][];
}

/** A strategy that is out of the question, and why. */
export interface Exclusion {
  readonly id: string;
  readonly why: string;
}

/** Why a candidate does not meet the needs; null when it does. */
export function exclusionOf({ id, capabilities }: Candidate, needs: Needs): Exclusion | null {
  const lacking = CAPABILITY_NEEDS.filter((need) => needs.must.includes(need.id) && !need.isMet(capabilities));
  return lacking.length === 0 ? null : { id, why: lacking.map(({ lacks }) => lacks).join('; ') };
}

/** The needs in words. */
export function needsText({ aim, workers, readShare, must }: Needs): string {
  const aims: Readonly<Record<Aim, string>> = {
    throughput: 'most operations',
    tail: 'a short tail of latencies',
    memory: 'little memory',
  };
  return [
    `aim: ${aims[aim]}`,
    workers === null ? 'any number of workers' : `${workers} worker${workers === 1 ? '' : 's'}`,
    ...(readShare === null ? [] : [`${Number((readShare * 100).toFixed(1))} % reads`]),
    ...CAPABILITY_NEEDS.filter(({ id }) => must.includes(id)).map(({ help }) => help),
  ].join('; ');
}
