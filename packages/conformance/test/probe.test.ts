import { describe, expect, it } from 'vitest';
import { probe } from '../src/unit/probe.ts';

const LIMITS = { operations: 10, waits: 3 };

function words(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(8));
}

describe('the probe', () => {
  it('counts operations, and tells waits on the pool from those on private words', () => {
    const shared = words();
    const own = words();
    const { operations, waits, stopped } = probe(shared.buffer, LIMITS, () => {
      Atomics.add(shared, 0, 1);
      Atomics.wait(own, 0, 0, 5);
      Atomics.wait(shared, 0, 1, 7);
    });
    expect({ operations, stopped }).toEqual({ operations: 3, stopped: false });
    expect(waits).toEqual([
      { shared: false, timeoutMs: 5 },
      { shared: true, timeoutMs: 7 },
    ]);
  });

  it('stops a call that waits without a limit, or for ever, or works for ever', () => {
    const shared = words();
    const run = (call: () => void): boolean => probe(shared.buffer, LIMITS, call).stopped;
    expect(run(() => void Atomics.wait(shared, 0, 0))).toBe(true);
    expect(
      run(() => {
        for (;;) Atomics.wait(shared, 0, 0, 1);
      }),
    ).toBe(true);
    expect(
      run(() => {
        for (;;) Atomics.load(shared, 0);
      }),
    ).toBe(true);
  });

  it('does not wait on a value that has changed, and puts Atomics back', () => {
    const shared = words();
    const { Atomics: before } = globalThis;
    expect(probe(shared.buffer, LIMITS, () => Atomics.wait(shared, 0, 1)).result).toBe('not-equal');
    expect(globalThis.Atomics).toBe(before);
  });
});
