// Wrong calls: each must be refused with a typed error, or do no harm. What harm means is looked at afterwards.

import type { Check } from '../check.ts';
import { LOCKS, nameLock } from '../host/plan.ts';
import type { SmallAgent } from '../host/small-agent.ts';
import { Violation } from '../host/small-host.ts';
import type { SmallPool } from './small-pool.ts';
import { unitCheck } from './unit-check.ts';
import type { UnitCase } from './unit-check.ts';

/** A wrong call, after what comes before it. */
interface Misuse {
  readonly what: string;
  readonly before?: (one: SmallAgent, two: SmallAgent) => void;
  readonly call: (one: SmallAgent, two: SmallAgent) => void;
  /** After the call: looks whether what was held still is, and ends it. */
  readonly after?: (pool: SmallPool, one: SmallAgent, two: SmallAgent) => void;
}

const stillLocked = (pool: SmallPool, one: SmallAgent, two: SmallAgent): void => {
  if (pool.must('tryLock', () => two.bound.tryLock(0))) {
    throw new Violation('let a second agent into class lock 0 while its owner is inside');
  }
  pool.must('unlock by the owner', () => one.bound.unlock(0));
};

const misuses: readonly Misuse[] = [
  ...Array.from({ length: LOCKS }, (_, lock): Misuse => ({
    what: `unlock of ${nameLock(lock)}, which nobody has locked`,
    call: ({ bound }) => bound.unlock(lock),
  })),
  {
    what: 'a second unlock of a class lock',
    before: ({ bound }) => {
      bound.lock(0);
      bound.unlock(0);
    },
    call: ({ bound }) => bound.unlock(0),
  },
  {
    what: 'unlock of a class lock that another agent has locked',
    before: ({ bound }) => bound.lock(0),
    call: (_, { bound }) => bound.unlock(0),
    after: stillLocked,
  },
  ...(['readEnd', 'writeEnd', 'holdEnd', 'relocateEnd'] as const).map((end): Misuse => ({
    what: `${end} without its begin`,
    call: ({ bound }) => bound[end](1),
  })),
  { what: 'moveEnd without its begin', call: ({ bound }) => bound.moveEnd() },
  {
    what: "relocateEnd beside another agent's read",
    before: (one) => void one.bound.holdBegin(one.cell(1)),
    call: (_, { bound }) => bound.relocateEnd(1),
    after: (pool, one, two) => {
      two.agent.mayBlock = false;
      pool.probe(() => {
        if (two.bound.tryLock(0) && two.bound.relocateBegin(1)) {
          throw new Violation('let a mover in beside a holder');
        }
      });
      pool.must('holdEnd', () => one.bound.holdEnd(1));
      two.agent.mayBlock = true;
      pool.probe(() => two.bound.unlock(0));
    },
  },
];

/** Locking again what one has: refused or nested, but no wait for oneself. */
const recursion: UnitCase = {
  what: 'lock of a class that this agent has locked already',
  run: (pool) => {
    const one = pool.agent(1);
    pool.must('malloc', () => one.malloc(1, 0, 7));
    pool.must('lock', () => one.bound.lock(0));
    const { error, stopped } = pool.probe(() => one.bound.lock(0));
    if (stopped) throw new Violation('waits for itself for ever: neither refused nor nested');
    if (error === undefined) pool.must('unlock of the nested lock', () => one.bound.unlock(0));
    pool.must('unlock', () => one.bound.unlock(0));
    checkSound(pool, one, pool.agent(2));
  },
};

/** Every lock still excludes, and is to be had. */
function checkSound(pool: SmallPool, one: SmallAgent, two: SmallAgent): void {
  for (const agent of [one, two]) agent.agent.mayBlock = false;
  for (let lock = 0; lock < LOCKS; lock++) {
    if (!pool.must('tryLock', () => one.bound.tryLock(lock))) {
      throw new Violation(`left ${nameLock(lock)} locked for ever`);
    }
    if (pool.must('tryLock', () => two.bound.tryLock(lock))) {
      throw new Violation(`left ${nameLock(lock)} open: two agents can be inside at once`);
    }
    pool.must('unlock', () => one.bound.unlock(lock));
  }
  pool.must('holdBegin', () => one.bound.holdBegin(one.cell(1)));
  if (canMove(pool, two)) throw new Violation('left a zspage open: a mover gets in beside a holder');
  pool.must('holdEnd', () => one.bound.holdEnd(1));
  if (!canMove(pool, two)) throw new Violation('left a zspage shut: no mover gets in any more');
}

function canMove(pool: SmallPool, { bound }: SmallAgent): boolean {
  const { error } = pool.probe(() => bound.moveBegin());
  if (error !== undefined) return false;
  const locked = pool.must('tryLock', () => bound.tryLock(0));
  const moves = locked && pool.must('relocateBegin', () => bound.relocateBegin(1));
  if (moves) pool.must('relocateEnd', () => bound.relocateEnd(1));
  if (locked) pool.must('unlock', () => bound.unlock(0));
  pool.must('moveEnd', () => bound.moveEnd());
  return moves;
}

const cases: UnitCase[] = misuses.map(({ what, before, call, after }) => ({
  what,
  run: (pool) => {
    const one = pool.agent(1);
    const two = pool.agent(2);
    pool.must('malloc', () => one.malloc(1, 0, 7));
    pool.must('what comes before', () => before?.(one, two));
    const { error, stopped, waits } = pool.probe(() => call(one, two));
    if (stopped || waits.length > 0) throw new Violation('waits, instead of being refused');
    if (error !== undefined && typeof (error as { code?: unknown }).code !== 'string') {
      throw new Violation(`threw ${String(error)}, which has no code`);
    }
    after?.(pool, one, two);
    checkSound(pool, one, two);
  },
}));

/** See the head of the file. */
export const misuseChecks: readonly Check[] = [
  unitCheck({ id: 'misuse', title: 'wrong calls are refused or do no harm', rows: [7], cases: [...cases, recursion] }),
];
