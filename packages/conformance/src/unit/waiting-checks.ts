// What waits, and how. Each case has one agent in the way of another one.

import type { Check } from '../check.ts';
import { HANDLES_LOCK, LOCKS, PAGES_LOCK, nameLock } from '../host/plan.ts';
import type { SmallAgent } from '../host/small-agent.ts';
import { Violation } from '../host/small-host.ts';
import type { Wait } from './probe.ts';
import { isRefusal } from './small-pool.ts';
import type { SmallPool } from './small-pool.ts';
import { unitCheck } from './unit-check.ts';
import type { UnitCase } from './unit-check.ts';

/** Longest yield of a strategy that does not park, in ms. */
const YIELD_MS_MAX = 20;

/** Calls that may have to wait, and what is in their way. */
const WAITING: readonly [string, (holder: SmallAgent) => void, (waiter: SmallAgent) => void][] = [
  ['lock of a class that another agent has locked', ({ bound }) => bound.lock(0), ({ bound }) => bound.lock(0)],
  [
    'lock of the handles that another agent has locked',
    ({ bound }) => bound.lock(HANDLES_LOCK),
    ({ bound }) => bound.lock(HANDLES_LOCK),
  ],
  [
    'lock of the pages that another agent has locked',
    ({ bound }) => bound.lock(PAGES_LOCK),
    ({ bound }) => bound.lock(PAGES_LOCK),
  ],
  [
    'lockClassOf while another agent has locked the class',
    ({ bound }) => bound.lock(0),
    (waiter) => void waiter.bound.lockClassOf(waiter.cell(1)),
  ],
  [
    'readBegin while another agent moves the object',
    beginMove,
    (waiter) => void waiter.bound.readBegin(waiter.cell(1)),
  ],
  [
    'writeBegin while another agent moves the object',
    beginMove,
    (waiter) => void waiter.bound.writeBegin(waiter.cell(1)),
  ],
  [
    'holdBegin while another agent moves the object',
    beginMove,
    (waiter) => void waiter.bound.holdBegin(waiter.cell(1)),
  ],
  ['moveBegin while another agent moves', ({ bound }) => bound.moveBegin(), ({ bound }) => bound.moveBegin()],
];

function beginMove({ bound }: SmallAgent): void {
  bound.moveBegin();
  bound.lock(0);
  if (!bound.relocateBegin(1)) throw new Violation('relocateBegin returned false although nobody is in the zspage');
}

function twoAgents(pool: SmallPool): [SmallAgent, SmallAgent] {
  const holder = pool.agent(1);
  const waiter = pool.agent(2);
  pool.must('malloc', () => holder.malloc(1, 0, 7));
  return [holder, waiter];
}

function inWords({ shared, timeoutMs }: Wait): string {
  const where = shared ? "a word of the pool's memory" : 'a private word';
  return `Atomics.wait on ${where} ${timeoutMs === Infinity ? 'without a limit' : `for ${timeoutMs} ms`}`;
}

/** While a call waits, it yields by short waits on a private word; or it parks, where that is declared. */
const declaredWaits: UnitCase[] = WAITING.map(([what, block, call]) => ({
  what,
  run: (pool, { capabilities }) => {
    const [holder, waiter] = twoAgents(pool);
    pool.must('the holder', () => block(holder));
    const { waits, error } = pool.probe(() => call(waiter));
    if (error !== undefined && !isRefusal(error)) throw new Violation(`threw ${String(error)} instead of waiting`);
    if (capabilities.parks) return;
    const wrong = waits.find(({ shared, timeoutMs }) => shared || timeoutMs > YIELD_MS_MAX);
    if (wrong !== undefined) throw new Violation(`parks is false, but it called ${inWords(wrong)}`);
  },
}));

/** An agent that must not block never waits, and gives up with the typed error. */
const nonBlocking: UnitCase[] = WAITING.map(([what, block, call]) => ({
  what,
  run: (pool) => {
    const [holder, waiter] = twoAgents(pool);
    pool.must('the holder', () => block(holder));
    waiter.agent.mayBlock = false;
    const { waits, error, stopped } = pool.probe(() => call(waiter));
    if (waits.length > 0) throw new Violation(`agent.mayBlock is false, but it called ${inWords(waits[0])}`);
    if (stopped)
      throw new Violation(`agent.mayBlock is false, and it goes on for ever instead of throwing ERR_ZS_WOULD_BLOCK`);
    if (error !== undefined && !isRefusal(error)) throw new Violation(`threw ${String(error)}, not ERR_ZS_WOULD_BLOCK`);
  },
}));

/** What an agent that gave up has asked for is not left behind: everything is to be had once the holder has gone. */
const givesUpCleanly: UnitCase = {
  what: 'lock by an agent that gave up before',
  run: (pool) => {
    const [holder, waiter] = twoAgents(pool);
    waiter.agent.mayBlock = false;
    for (let lock = 0; lock < LOCKS; lock++) {
      pool.must('lock', () => holder.bound.lock(lock));
      pool.probe(() => waiter.bound.lock(lock));
      pool.must('unlock', () => holder.bound.unlock(lock));
      pool.must(`lock of ${nameLock(lock)} after an agent gave up`, () => holder.section(lock));
      pool.must(`lock of ${nameLock(lock)} by the agent that gave up`, () => waiter.section(lock));
    }
  },
};

/** Try calls say no at once. */
const tries: UnitCase[] = [
  ...Array.from({ length: LOCKS }, (_, lock): UnitCase => ({
    what: `tryLock of ${nameLock(lock)}, which another agent has locked`,
    run: (pool) => {
      const [holder, other] = twoAgents(pool);
      pool.must('lock', () => holder.bound.lock(lock));
      if (saysNo(pool, () => other.bound.tryLock(lock))) return;
      throw new Violation(`returned true: two agents would be inside ${nameLock(lock)} at once`);
    },
  })),
  ...(['writeBegin', 'holdBegin', 'readBegin'] as const).map((begin): UnitCase => ({
    what: `relocateBegin after another agent's ${begin}`,
    run: (pool, { capabilities }) => {
      const [holder, mover] = twoAgents(pool);
      pool.must(begin, () => holder.bound[begin](holder.cell(1)));
      mover.agent.mayBlock = false;
      // A strategy may shut the mover out earlier already.
      const { error } = pool.probe(() => mover.bound.moveBegin());
      if (isRefusal(error)) return;
      if (!pool.must('tryLock', () => mover.bound.tryLock(0))) return;
      const no = saysNo(pool, () => mover.bound.relocateBegin(1));
      if (!no && !(begin === 'readBegin' && capabilities.relocatesBesideReaders)) {
        throw new Violation('returned true although the object must not move');
      }
    },
  })),
];

/** True when the call returns false; throws when it waits. */
function saysNo(pool: SmallPool, call: () => boolean): boolean {
  const { result, error, waits, stopped, operations } = pool.probe(call);
  if (waits.length > 0)
    throw new Violation(`waited: ${waits.length} times ${inWords(waits[0])}, after ${operations} atomic operations`);
  if (stopped) throw new Violation(`did not return within ${operations} atomic operations`);
  if (error !== undefined) throw new Violation(`threw ${String(error)} instead of returning false`);
  return result === false;
}

/** Calls that end something, and hints, never wait. */
const ends: UnitCase = {
  what: 'calls that end something',
  run: (pool) => {
    const [one, two] = twoAgents(pool);
    const { bound, host } = one;
    for (const [begin, end] of [
      ['readBegin', 'readEnd'],
      ['writeBegin', 'writeEnd'],
      ['holdBegin', 'holdEnd'],
    ] as const) {
      const location = pool.must(begin, () => bound[begin](one.cell(1)));
      pool.must(`${end}`, () => bound[end](host.zspageOf(location)));
    }
    pool.must('a move', () => one.move(1));
    for (let lock = 0; lock < LOCKS; lock++) {
      pool.must('lock', () => bound.lock(lock));
      pool.must('isContended', () => two.bound.isContended(lock));
      pool.must(`unlock of ${nameLock(lock)}`, () => bound.unlock(lock));
    }
    pool.must('isMoveContended', () => bound.isMoveContended());
    pool.must('reclaim', () => bound.reclaim(false));
    pool.must('detach', () => bound.detach());
  },
};

/** Nothing that others wait for is held while a hold is open, in this turn or a later one. */
const holds: UnitCase = {
  what: 'other agents while a hold is open',
  run: (pool) => {
    const [holder, other] = twoAgents(pool);
    pool.must('malloc', () => holder.malloc(2, 1, 9));
    pool.must('holdBegin', () => holder.bound.holdBegin(holder.cell(1)));
    other.agent.mayBlock = false;
    for (let lock = 0; lock < LOCKS; lock++) pool.must(`lock of ${nameLock(lock)}`, () => other.section(lock));
    pool.must('read of the same object', () => other.read(1));
    pool.must('hold of the same object', () => other.hold(1));
    pool.must('write to the same object', () => other.write(1, 8));
    pool.must('move of another object', () => other.move(2));
    pool.must('malloc', () => other.malloc(3, 0, 5));
    pool.must('free', () => other.free(3));
    pool.must('reads of the holder itself', () => holder.read(2));
    pool.must('locks of the holder itself', () => holder.section(0));
  },
};

/** See the head of the file. */
export const waitingChecks: readonly Check[] = [
  unitCheck({
    id: 'tries-counted',
    title: 'try calls and end calls, with their waits and operations counted',
    rows: [3],
    cases: [...tries, ends],
  }),
  unitCheck({
    id: 'waits-counted',
    title: 'calls that have to wait, with their waits counted',
    rows: [8],
    cases: declaredWaits,
  }),
  unitCheck({
    id: 'refusals-counted',
    title: 'calls that must not block, with their waits and operations counted',
    rows: [8, 11],
    fits: ({ worksWithoutBlocking }) => worksWithoutBlocking,
    cases: [...nonBlocking, givesUpCleanly],
  }),
  unitCheck({
    id: 'hold-open',
    title: 'other agents work while a hold is open',
    rows: [8],
    fits: ({ holdAcrossAwait }) => holdAcrossAwait,
    cases: [holds],
  }),
];
