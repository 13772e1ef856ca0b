import { describe, expect, it } from 'vitest';
import { contend } from '../../lock-spin/test/contention.ts';
import type { BuiltKind } from '../../lock-spin/test/contention.ts';

const built = (kindName: string): BuiltKind => ({
  moduleUrl: new URL('../dist/index.js', import.meta.url).href,
  kindName,
});
const broken = (kindName: string): BuiltKind => ({
  moduleUrl: new URL('../../lock-spin/test/broken-locks.mjs', import.meta.url).href,
  kindName,
});

const ROUNDS = 2000;

describe.each(['preemptibleLock', 'preemptibleAtomicLock'])('%s among workers', (kindName) => {
  it('lets one writer change the counters at a time', async () => {
    const outcome = await contend(built(kindName), ['tryWriter', 'tryWriter', 'tryWriter'], ROUNDS);
    expect(outcome).toEqual({ counters: [3 * ROUNDS, 3 * ROUNDS], faults: 0, lockWords: [] });
  });

  it('shows readers whole changes', async () => {
    const outcome = await contend(built(kindName), ['tryWriter', 'reader', 'reader', 'tryWriter'], ROUNDS);
    expect(outcome).toEqual({ counters: [2 * ROUNDS, 2 * ROUNDS], faults: 0, lockWords: [] });
  });

  it('lets two readers be inside at the same time', async () => {
    const { faults } = await contend(built(kindName), ['meetingReader', 'meetingReader'], 1);
    expect(faults).toBe(0);
  });
});

describe('the checks above', () => {
  it('reject a lock that excludes nobody', async () => {
    const writing = await contend(broken('noLock'), ['tryWriter', 'tryWriter', 'tryWriter'], ROUNDS);
    expect(writing.counters[0]).toBeLessThan(3 * ROUNDS);
    const reading = await contend(broken('noLock'), ['tryWriter', 'reader', 'reader'], ROUNDS);
    expect(reading.faults).toBeGreaterThan(0);
  });

  it('reject a lock that excludes readers from each other', async () => {
    const { faults } = await contend(broken('mutexAsRwLock'), ['meetingReader', 'meetingReader'], 1, 100);
    expect(faults).toBeGreaterThan(0);
  });
});
