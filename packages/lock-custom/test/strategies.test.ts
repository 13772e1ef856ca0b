import { describe, expect, it } from 'vitest';
import { expectCode } from '../../lock-spin/test/agents.ts';
import { totalAtomics } from '../../lock-spin/test/atomics-probe.ts';
import { CELL, CLASS, FREE_CELL, LOCATION, ZSPAGE, smallPool } from '../../lock-spin/test/small-host.ts';
import { bigReader, preemptible, preemptibleAtomic, preemptibleDirect } from '../src/strategies.ts';

describe('the words of the strategies', () => {
  it('show what each design costs in memory', () => {
    expect(preemptible.words).toEqual({ pool: 1, lock: 1, zspage: 2, agent: 0 });
    expect(preemptibleAtomic.words).toEqual({ pool: 1, lock: 1, zspage: 1, agent: 0 });
    expect(preemptibleDirect.words).toEqual({ pool: 0, lock: 1, zspage: 1, agent: 0 });
    expect(bigReader.words).toEqual({ pool: 1, lock: 1, zspage: 1, agent: 4 });
  });
});

describe('the Atomics calls per read', () => {
  it.each([
    [preemptible, 6],
    [preemptibleAtomic, 4],
    [preemptibleDirect, 3],
    [bigReader, 4],
  ])('of $id are as few as the README says', (strategy, calls) => {
    const reader = smallPool(strategy).bind(1);
    expect(totalAtomics(() => (reader.readBegin(CELL), reader.readEnd(ZSPAGE)))).toBe(calls);
  });
});

describe.each([preemptible, preemptibleAtomic, preemptibleDirect, bigReader])('$id', (strategy) => {
  it('keeps movers out of a zspage that is held, and lets other readers join', () => {
    const pool = smallPool(strategy);
    const reader = pool.bind(1);
    const mover = pool.bind(2);
    expect(reader.holdBegin(CELL)).toBe(LOCATION);
    mover.moveBegin();
    expect(mover.relocateBegin(ZSPAGE)).toBe(false);
    mover.moveEnd();
    expect(mover.readBegin(CELL)).toBe(LOCATION);
    mover.readEnd(ZSPAGE);
    reader.holdEnd(ZSPAGE);
    expect(pool.isUnlocked()).toBe(true);
  });

  it('keeps readers out of a zspage while it is relocated, and shows them the new place after', () => {
    const pool = smallPool(strategy);
    const reader = pool.bind(1);
    const mover = pool.bind(2);
    mover.moveBegin();
    mover.lock(CLASS);
    expect(mover.relocateBegin(ZSPAGE)).toBe(true);
    mover.publish(CELL, LOCATION + 1);
    mover.retirePlace(LOCATION);
    expectCode(() => reader.readBegin(CELL), 'ERR_ZS_WOULD_BLOCK');
    mover.relocateEnd(ZSPAGE);
    mover.unlock(CLASS);
    mover.moveEnd();
    expect(reader.readBegin(CELL)).toBe(LOCATION + 1);
    reader.readEnd(ZSPAGE);
    expect(pool.reclaimed).toEqual([LOCATION]);
    expect(pool.isUnlocked()).toBe(true);
  });

  it('protects nothing when the cell has no object', () => {
    const pool = smallPool(strategy);
    const agent = pool.bind(1);
    expect(agent.readBegin(FREE_CELL)).toBe(0);
    expect(agent.lockClassOf(FREE_CELL)).toBe(-1);
    expect(pool.isUnlocked()).toBe(true);
  });
});
