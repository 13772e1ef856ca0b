import { describe, expect, it } from 'vitest';
import { countAtomics, runCount, totalCalls } from '../src/atomics-count.ts';
import { CLAIMS, isAsStated, statedCalls } from '../src/claims.ts';
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

describe.each(stated)('%s', (id) => {
  it('makes as many Atomics calls as claims.ts states', async () => {
    const { operations } = runCount(await loadStrategy(id));
    for (const { operation, calls } of operations) {
      const measured = totalCalls(calls);
      expect(
        isAsStated(id, operation, measured),
        `${operation}: ${measured}, stated ${statedCalls(id, operation)}`,
      ).toBe(true);
    }
  });

  it('would notice one call more or less', async () => {
    const { operations } = runCount(await loadStrategy(id));
    for (const { operation } of operations) {
      const calls = statedCalls(id, operation)!;
      expect(isAsStated(id, operation, calls - 1)).toBe(false);
      expect(isAsStated(id, operation, calls + 1.01)).toBe(false);
    }
  });
});
