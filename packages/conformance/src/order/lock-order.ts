// Watches the order in which an agent takes the locks of a pool. What all agents have seen is collected in shared words, so
// that a cycle is found which no single agent has gone through.
//
// ORDER   pool < class < handles < pages; among classes by their number. A try is exempt, as it never waits; zspages are
//         only tried by movers, and read by whoever may wait for nobody.

import type { BoundStrategy, Strategy, StrategyHost } from '@zsmalloc/core/strategy';
import { Violation } from '../host/small-host.ts';

const LEVELS = ['pool', 'class', 'handles', 'pages'] as const;
const POOL = 0;
const CLASS = 1;
/** Words of the matrix: how often a level was taken by waiting while another one was held. */
export const ORDER_WORDS: number = LEVELS.length ** 2;

interface Held {
  readonly level: number;
  readonly index: number;
}

/** The strategy, with a watch on its order. */
export function withLockOrder(strategy: Strategy, matrix: Int32Array): Strategy {
  return {
    ...strategy,
    bind: (host) => {
      const bound = strategy.bind(host);
      return Object.assign(Object.create(bound) as BoundStrategy, watched(bound, host, matrix));
    },
  };
}

function watched(bound: BoundStrategy, host: StrategyHost, matrix: Int32Array): Partial<BoundStrategy> {
  const held: Held[] = [];
  const levelOf = (index: number): number => Math.max(CLASS, index - (host.lockCount - LEVELS.length));
  const take = (lock: Held): void => {
    for (const outer of held) {
      Atomics.add(matrix, outer.level * LEVELS.length + lock.level, 1);
      const isOrdered = outer.level < lock.level || (outer.level === lock.level && outer.index < lock.index);
      if (!isOrdered) throw new Violation(`${inWords(lock)} is waited for while ${inWords(outer)} is held`);
    }
  };
  const drop = (level: number, index: number): void => {
    const at = held.findLastIndex((lock) => lock.level === level && lock.index === index);
    if (at < 0) throw new Violation(`${inWords({ level, index })} is unlocked by an agent that does not hold it`);
    held.splice(at, 1);
  };
  return {
    lock: (index) => {
      take({ level: levelOf(index), index });
      bound.lock(index);
      held.push({ level: levelOf(index), index });
    },
    tryLock: (index) => {
      const taken = bound.tryLock(index);
      if (taken) held.push({ level: levelOf(index), index });
      return taken;
    },
    lockClassOf: (cell) => {
      take({ level: CLASS, index: host.lockCount });
      const index = bound.lockClassOf(cell);
      if (index >= 0) held.push({ level: levelOf(index), index });
      return index;
    },
    unlock: (index) => {
      drop(levelOf(index), index);
      bound.unlock(index);
    },
    moveBegin: () => {
      take({ level: POOL, index: 0 });
      bound.moveBegin();
      held.push({ level: POOL, index: 0 });
    },
    moveEnd: () => {
      drop(POOL, 0);
      bound.moveEnd();
    },
    detach: () => {
      if (held.length > 0) throw new Violation(`an agent leaves although it holds ${held.map(inWords).join(', ')}`);
      bound.detach();
    },
  };
}

function inWords({ level, index }: Held): string {
  return level === CLASS ? `class lock ${index}` : `the ${LEVELS[level]} lock`;
}

/** What was taken inside what, as buckets. */
export function edgesOf(matrix: Int32Array): Record<string, number> {
  const edges: Record<string, number> = {};
  for (const [outer, from] of LEVELS.entries()) {
    for (const [inner, to] of LEVELS.entries()) {
      const count = matrix[outer * LEVELS.length + inner];
      if (count > 0) edges[`${from} > ${to}`] = count;
    }
  }
  return edges;
}
