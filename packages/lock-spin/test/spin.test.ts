import { describe, expect, it } from 'vitest';
import { spin } from '../src/spin.ts';
import { expectCode } from './agents.ts';
import { totalAtomics } from './atomics-probe.ts';
import { CELL, CLASS, LOCATION, ZSPAGE, smallPool } from './small-host.ts';

describe('spin', () => {
  it('takes one word per pool, structure lock and zspage', () => {
    expect(spin.words).toEqual({ pool: 1, lock: 1, zspage: 1, agent: 0 });
  });

  it('costs four Atomics calls per read', () => {
    const reader = smallPool(spin).bind(1);
    expect(totalAtomics(() => (reader.readBegin(CELL), reader.readEnd(ZSPAGE)))).toBe(4);
  });

  it('keeps movers out of a zspage that is being read, and out of no other', () => {
    const pool = smallPool(spin);
    const reader = pool.bind(1);
    const mover = pool.bind(2);
    expect(reader.readBegin(CELL)).toBe(LOCATION);
    mover.moveBegin();
    expect(mover.relocateBegin(ZSPAGE)).toBe(false);
    expect(mover.relocateBegin(ZSPAGE + 1)).toBe(true);
    mover.relocateEnd(ZSPAGE + 1);
    mover.moveEnd();
    reader.readEnd(ZSPAGE);
    expect(pool.isUnlocked()).toBe(true);
  });

  it('keeps lookups and frees out while objects move', () => {
    const pool = smallPool(spin);
    const reader = pool.bind(1);
    const mover = pool.bind(2);
    mover.moveBegin();
    expectCode(() => reader.readBegin(CELL), 'ERR_ZS_WOULD_BLOCK');
    expectCode(() => reader.lockClassOf(CELL), 'ERR_ZS_WOULD_BLOCK');
    mover.moveEnd();
    expect(reader.lockClassOf(CELL)).toBe(CLASS);
    reader.unlock(CLASS);
    expect(pool.isUnlocked()).toBe(true);
  });
});
