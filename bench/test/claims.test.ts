import { describe, expect, it } from 'vitest';
import { countAtomics, countOperations, totalCalls } from '../src/atomics-count.ts';
import { CLAIMS, isAsStated, statedCalls } from '../src/claims.ts';
import { OPERATION_NAMES, createMicroOperations } from '../src/micro-operations.ts';
import { availableStrategies, loadStrategy } from '../src/strategies.ts';

const stated = (await availableStrategies()).filter((id) => CLAIMS[id] !== undefined);

describe('countAtomics', () => {
  const words = new Int32Array(new SharedArrayBuffer(8));

  it('counts by method, and the calls still work', () => {
    const calls = countAtomics(() => {
      Atomics.add(words, 0, 5);
      Atomics.add(words, 0, 2);
      Atomics.load(words, 0);
    });
    expect(calls).toEqual({ add: 2, load: 1 });
    expect(Atomics.load(words, 0)).toBe(7);
  });

  it('puts the real object back when the work throws', () => {
    const real = Atomics;
    expect(() =>
      countAtomics(() => {
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(Atomics).toBe(real);
  });
});

describe.each(stated)('%s', async (id) => {
  const { operations, pool } = createMicroOperations(await loadStrategy(id));
  const counted = [...countOperations(operations)].map(([name, calls]) => ({ name, measured: totalCalls(calls) }));
  pool.detach();

  it('makes as many Atomics calls as claims.ts states', () => {
    for (const { name, measured } of counted) {
      expect(isAsStated(id, name, measured), `${name}: ${measured}, stated ${statedCalls(id, name)}`).toBe(true);
    }
  });

  it('would notice one call more or less', () => {
    for (const name of Object.values(OPERATION_NAMES)) {
      const calls = statedCalls(id, name)!;
      expect(isAsStated(id, name, calls - 1)).toBe(false);
      expect(isAsStated(id, name, calls + 1.01)).toBe(false);
    }
  });
});
