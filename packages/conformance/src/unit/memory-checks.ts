// What a strategy does with its words: it keeps to those that it has declared, and they hold what may be asked of them.

import type { Check } from '../check.ts';
import { LOCKS, nameLock, nameWord, strayWord } from '../host/plan.ts';
import type { SmallAgent } from '../host/small-agent.ts';
import { Violation } from '../host/small-host.ts';
import type { SmallPool } from './small-pool.ts';
import { unitCheck } from './unit-check.ts';
import type { UnitCase } from './unit-check.ts';

/** Holds open at once: more than fit a count of 8 bits, and as a server with many requests in flight has them. */
const HOLDS = 300;

/** Runs a call, and looks whether a word has been written that is not the strategy's. */
function keepsToItsWords<T>(pool: SmallPool, what: string, call: () => T): T {
  const result = pool.must(what, call);
  const stray = strayWord(pool.plan, pool.words);
  if (stray < 0) return result;
  throw new Violation(`${what} wrote ${nameWord(pool.plan, stray)} that it has not declared: see its \`words\``);
}

const words: UnitCase = {
  what: 'words that are written',
  run: (pool) => {
    const one = pool.agent(1);
    const { bound, host } = one;
    const step = <T>(what: string, call: () => T): T => keepsToItsWords(pool, what, call);
    for (let lock = 0; lock < LOCKS; lock++) {
      step(`lock of ${nameLock(lock)}`, () => bound.lock(lock));
      step(`unlock of ${nameLock(lock)}`, () => bound.unlock(lock));
    }
    step('malloc', () => one.malloc(1, 0, 7));
    step('malloc', () => one.malloc(2, 1, 9));
    for (const [begin, end] of [
      ['readBegin', 'readEnd'],
      ['writeBegin', 'writeEnd'],
      ['holdBegin', 'holdEnd'],
    ] as const) {
      const location = step(begin, () => bound[begin](one.cell(1)));
      step(end, () => bound[end](host.zspageOf(location)));
    }
    step('moveBegin', () => bound.moveBegin());
    step('lock', () => bound.lock(0));
    if (step('relocateBegin', () => bound.relocateBegin(1))) step('relocateEnd', () => bound.relocateEnd(1));
    step('unlock', () => bound.unlock(0));
    step('moveEnd', () => bound.moveEnd());
    step('a move', () => one.move(1));
    step('free', () => one.free(1));
    step('reclaim', () => bound.reclaim(false));
    step('detach', () => bound.detach());
  },
};

const manyHolds: UnitCase = {
  what: `${HOLDS} holds of one object`,
  run: (pool) => {
    const one = pool.agent(1);
    const two = pool.agent(2);
    pool.must('malloc', () => one.malloc(1, 0, 7));
    for (let hold = 1; hold <= HOLDS; hold++) {
      pool.must(`hold ${hold}`, () => one.bound.holdBegin(one.cell(1)));
      if (mayMove(pool, two)) throw new Violation(`with ${hold} holds open, a mover gets in beside them`);
    }
    for (let hold = HOLDS; hold >= 1; hold--) {
      pool.must(`the end of a hold, with ${hold} open`, () => one.bound.holdEnd(1));
      if (hold > 1 && mayMove(pool, two))
        throw new Violation(`with ${hold - 1} holds open, a mover gets in beside them`);
    }
    if (!mayMove(pool, two)) throw new Violation('with all holds ended, the zspage stays shut to movers');
  },
};

function mayMove(pool: SmallPool, { bound }: SmallAgent): boolean {
  pool.must('moveBegin', () => bound.moveBegin());
  pool.must('lock', () => bound.lock(0));
  const moves = pool.must('relocateBegin', () => bound.relocateBegin(1));
  if (moves) pool.must('relocateEnd', () => bound.relocateEnd(1));
  pool.must('unlock', () => bound.unlock(0));
  pool.must('moveEnd', () => bound.moveEnd());
  return moves;
}

/** See the head of the file. */
export const memoryChecks: readonly Check[] = [
  unitCheck({
    id: 'words-declared',
    title: 'a strategy keeps to the words that it declares',
    rows: [1],
    cases: [words],
  }),
  unitCheck({
    id: 'many-holds',
    title: 'more holds are open than fit a count of 8 bits',
    rows: [1],
    fits: ({ holdAcrossAwait }) => holdAcrossAwait,
    cases: [manyHolds],
  }),
];
