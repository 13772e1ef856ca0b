import { describe, expect, it } from 'vitest';
import { rcu, rcuSynchronize, rcuTurn, reclamationOf } from '../src/index.ts';
import { randomOperations, smallPool } from './random-operations.ts';

describe.each([rcu, rcuTurn, rcuSynchronize])('$id, one agent', (strategy) => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('keeps every object and invariant through random calls, seed %i', (seed) => {
    const pool = smallPool(strategy);
    randomOperations(pool, seed, 3000);
    reclamationOf(pool).synchronize();
    expect(reclamationOf(pool).stats().garbage).toEqual({ slots: 0, pages: 0, bytes: 0 });
    pool.verify();
  });
});
