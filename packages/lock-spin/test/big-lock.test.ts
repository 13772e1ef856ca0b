import { describe, expect, it } from 'vitest';
import { bigLock } from '../src/big-lock.ts';
import { expectCode } from './agents.ts';
import { totalAtomics } from './atomics-probe.ts';
import { CELL, CLASS, FREE_CELL, LOCATION, ZSPAGE, smallPool } from './small-host.ts';

function twoAgents() {
  const pool = smallPool(bigLock);
  return { pool, first: pool.bind(1), second: pool.bind(2) };
}

describe('bigLock', () => {
  it('takes one word in all', () => {
    expect(bigLock.words).toEqual({ pool: 1, lock: 0, zspage: 0, agent: 0 });
  });

  it('costs two Atomics calls per read, and none inside another section', () => {
    const { first } = twoAgents();
    const read = () => totalAtomics(() => (first.readBegin(CELL), first.readEnd(ZSPAGE)));
    expect(read()).toBe(2);
    first.lock(CLASS);
    expect(read()).toBe(0);
  });

  it('keeps other agents out of everything while a read is open', () => {
    const { pool, first, second } = twoAgents();
    expect(first.readBegin(CELL)).toBe(LOCATION);
    for (const run of [() => second.readBegin(CELL), () => second.lock(3), () => second.moveBegin()]) {
      expectCode(run, 'ERR_ZS_WOULD_BLOCK');
    }
    expect(second.tryLock(3)).toBe(false);
    first.readEnd(ZSPAGE);
    expect(pool.isUnlocked()).toBe(true);
    expect(second.tryLock(3)).toBe(true);
  });

  it('nests for its own agent: only the outermost section takes and gives back the mutex', () => {
    const { pool, first } = twoAgents();
    first.readBegin(CELL);
    first.lock(3);
    expect(first.tryLock(4)).toBe(true);
    first.unlock(4);
    first.unlock(3);
    expect(pool.isUnlocked()).toBe(false);
    first.readEnd(ZSPAGE);
    expect(pool.isUnlocked()).toBe(true);
  });

  it('gives the mutex back when the cell has no object', () => {
    const { pool, first } = twoAgents();
    expect(first.readBegin(FREE_CELL)).toBe(0);
    expect(first.lockClassOf(FREE_CELL)).toBe(-1);
    expect(pool.isUnlocked()).toBe(true);
    expect(first.lockClassOf(CELL)).toBe(CLASS);
    first.unlock(CLASS);
    expect(pool.isUnlocked()).toBe(true);
  });

  it('moves nothing while this agent reads, writes or holds', () => {
    const { first } = twoAgents();
    for (const [begin, end] of [
      ['readBegin', 'readEnd'],
      ['writeBegin', 'writeEnd'],
      ['holdBegin', 'holdEnd'],
    ] as const) {
      first[begin](CELL);
      first.moveBegin();
      expect(first.relocateBegin(ZSPAGE)).toBe(false);
      first.moveEnd();
      first[end](ZSPAGE);
    }
    first.moveBegin();
    expect(first.relocateBegin(ZSPAGE)).toBe(true);
    first.relocateEnd(ZSPAGE);
    first.moveEnd();
  });

  it('reclaims a freed object at once', () => {
    const { pool, first } = twoAgents();
    first.lockClassOf(CELL);
    first.retireObject(CELL, LOCATION);
    first.unlock(CLASS);
    expect(pool.reclaimed).toEqual([LOCATION]);
  });

  it('finds an end without a begin, and goes on working', () => {
    const { pool, first } = twoAgents();
    expectCode(() => first.readEnd(ZSPAGE), 'ERR_ZS_LOCK_MISUSE');
    expectCode(() => first.unlock(3), 'ERR_ZS_LOCK_MISUSE');
    first.readBegin(CELL);
    expect(pool.isUnlocked()).toBe(false);
    first.readEnd(ZSPAGE);
    expect(pool.isUnlocked()).toBe(true);
    expect(first.relocateBegin(ZSPAGE)).toBe(true);
  });
});
