// Negative controls: the strategy under test with one bug planted from outside. A kit that does not notice them says
// nothing when it passes the strategy.
//
// Each knows nothing of the strategy but the contract, so a control may be no bug in some strategy: `fits` says where it is
// one.

import type { BoundStrategy, Capabilities, Location, Strategy, StrategyHost } from '@zsmalloc/core/strategy';
import { defersReclaim } from '../invariants.ts';

/** Changes calls of a bound strategy. */
type Change = (bound: BoundStrategy, host: StrategyHost) => Partial<BoundStrategy>;

export interface Sabotage {
  readonly id: string;
  /** As in "a strategy ..." */
  readonly what: string;
  /** Checks of which one must notice. */
  readonly noticedBy: readonly string[];
  readonly fits?: (capabilities: Capabilities) => boolean;
  readonly change: Change;
  /** False when the bug has made no difference: what it breaks is never done. */
  readonly tookEffect?: () => boolean;
}

let mutedNotifies = 0;

const nothing = (): void => {};

/** Class of a cell's object, by a look that protects nothing. */
const classAt = (host: StrategyHost, cell: number): number => {
  const location = Atomics.load(host.agent.words, cell);
  return host.isLocation(location) ? host.classOf(location) : -1;
};

/** Runs a call while nobody can be woken. */
function withoutNotify<T>(call: () => T): T {
  const real = globalThis.Atomics;
  const deaf = Object.create(real) as typeof Atomics;
  Object.defineProperty(deaf, 'notify', {
    value: () => {
      mutedNotifies++;
      return 0;
    },
  });
  globalThis.Atomics = deaf;
  try {
    return call();
  } finally {
    globalThis.Atomics = real;
  }
}

export const SABOTAGES: readonly Sabotage[] = [
  {
    id: 'no-class-lock',
    what: 'whose structure locks do nothing',
    noticedBy: ['class-lock-two'],
    change: (_, host) => ({
      lock: nothing,
      tryLock: () => true,
      unlock: nothing,
      lockClassOf: (cell) => classAt(host, cell),
    }),
  },
  {
    id: 'forgets-unlock',
    what: 'that forgets an unlock',
    noticedBy: ['class-lock-two'],
    change: () => ({ unlock: nothing }),
  },
  {
    id: 'lost-update-lock',
    what: 'whose lock looks and takes in two steps',
    noticedBy: ['class-lock-two'],
    change: (_, { agent: { words }, lockBase, lockStride }) => ({
      lock: (index) => {
        while (Atomics.load(words, lockBase + index * lockStride) !== 0);
        Atomics.store(words, lockBase + index * lockStride, 1);
      },
      unlock: (index) => void Atomics.store(words, lockBase + index * lockStride, 0),
    }),
  },
  {
    id: 'lets-movers-in',
    what: 'that lets movers in beside writers and holders',
    noticedBy: ['write-beside-move', 'hold-beside-move'],
    // Where a read keeps everybody out, movers are shut out by their class lock already.
    fits: ({ concurrentReads }) => concurrentReads,
    change: () => ({ moveBegin: nothing, moveEnd: nothing, relocateBegin: () => true, relocateEnd: nothing }),
  },
  {
    id: 'reads-unprotected',
    what: 'whose reads protect nothing',
    noticedBy: ['read-beside-move'],
    change: (_, host) => ({
      readBegin: (cell): Location => {
        const location = Atomics.load(host.agent.words, cell);
        return host.isLocation(location) ? location : 0;
      },
      readEnd: nothing,
    }),
  },
  {
    id: 'writes-unprotected',
    what: 'whose writes protect nothing',
    noticedBy: ['write-beside-move'],
    change: (_, host) => ({
      writeBegin: (cell): Location => {
        const location = Atomics.load(host.agent.words, cell);
        return host.isLocation(location) ? location : 0;
      },
      writeEnd: nothing,
    }),
  },
  {
    id: 'no-second-look',
    what: 'that locks the class of a cell and does not look again',
    noticedBy: ['free-beside-free'],
    change: (bound, host) => ({
      lockClassOf: (cell) => {
        const found = classAt(host, cell);
        if (found >= 0) bound.lock(found);
        return found;
      },
    }),
  },
  {
    id: 'try-waits',
    what: 'whose tryLock waits',
    noticedBy: ['tries-counted', 'try-beside-stopped-lock'],
    change: (bound) => ({
      tryLock: (index) => {
        bound.lock(index);
        return true;
      },
    }),
  },
  {
    id: 'publishes-late',
    what: 'that publishes a moved object after its old place has gone',
    noticedBy: ['move-beside-move', 'read-beside-move'],
    change: (bound) => {
      let late: (() => void) | undefined;
      return {
        publish: (cell, location) => {
          late = () => bound.publish(cell, location);
        },
        moveEnd: () => {
          bound.moveEnd();
          late?.();
          late = undefined;
        },
      };
    },
  },
  {
    id: 'forgets-garbage',
    what: 'that forgets what was retired',
    noticedBy: ['move-beside-move', 'free-beside-move'],
    change: () => ({ retirePlace: nothing }),
  },
  {
    id: 'reclaims-twice',
    what: 'that reclaims a place twice',
    noticedBy: ['move-beside-move'],
    change: (bound, host) => ({
      retirePlace: (location) => {
        bound.retirePlace(location);
        host.reclaimPlace(location);
      },
    }),
  },
  {
    id: 'reclaims-at-once',
    what: 'that reclaims a place without waiting for its readers',
    noticedBy: ['read-beside-move', 'reads-in-a-row-beside-move'],
    fits: ({ relocatesBesideReaders }) => relocatesBesideReaders,
    change: (_, host) => ({ retirePlace: (location) => host.reclaimPlace(location) }),
  },
  {
    id: 'frees-at-once',
    what: 'that reclaims an object without waiting for its readers',
    noticedBy: ['read-beside-free'],
    fits: ({ freeDuringRead }) => freeDuringRead,
    change: (_, host) => ({ retireObject: (_cell, location) => host.reclaimObject(location) }),
  },
  {
    id: 'never-reclaims',
    what: 'that never reclaims',
    noticedBy: ['leaver-beside-reclaim', 'read-beside-free'],
    fits: defersReclaim,
    change: () => ({ reclaim: () => 0, retireObject: nothing }),
  },
  {
    id: 'wakes-nobody',
    what: 'that wakes nobody',
    noticedBy: ['class-lock-three'],
    fits: ({ parks }) => parks,
    tookEffect: () => mutedNotifies > 0,
    change: (bound) => ({ unlock: (index) => withoutNotify(() => bound.unlock(index)) }),
  },
];

/** The strategy with a bug planted. Same id and version: agents with and without it must not share a pool. */
export function sabotaged(strategy: Strategy, { change }: Sabotage): Strategy {
  return {
    ...strategy,
    bind: (host) => {
      const bound = strategy.bind(host);
      const changed = change(bound, host);
      // Inherits, so that what the strategy calls on itself stays as it is.
      return Object.assign(Object.create(bound) as BoundStrategy, bindAll(bound), changed);
    },
  };
}

const CALLS = [
  'readBegin',
  'readEnd',
  'writeBegin',
  'writeEnd',
  'holdBegin',
  'holdEnd',
  'lockClassOf',
  'lock',
  'tryLock',
  'unlock',
  'isContended',
  'moveBegin',
  'moveEnd',
  'isMoveContended',
  'relocateBegin',
  'relocateEnd',
  'publish',
  'retireObject',
  'retirePlace',
  'retirePage',
  'reclaim',
  'retryLater',
  'detach',
] as const satisfies readonly (keyof BoundStrategy)[];

function bindAll(bound: BoundStrategy): Partial<BoundStrategy> {
  return Object.fromEntries(
    CALLS.map((call) => [call, (...args: never[]) => (bound[call] as (...all: never[]) => unknown)(...args)]),
  );
}
