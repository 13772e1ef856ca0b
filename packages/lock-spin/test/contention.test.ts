import { describe, expect, it } from 'vitest';
import { contend } from './contention.ts';
import type { BuiltKind } from './contention.ts';

const built = (kindName: string): BuiltKind => ({
  moduleUrl: new URL('../dist/index.js', import.meta.url).href,
  kindName,
});
const broken = (kindName: string): BuiltKind => ({
  moduleUrl: new URL('broken-locks.mjs', import.meta.url).href,
  kindName,
});

const ROUNDS = 20_000;

describe('spinMutex among workers', () => {
  it('lets one agent change the counters at a time', async () => {
    const outcome = await contend(built('spinMutex'), ['mutex', 'mutex', 'mutex', 'mutex'], ROUNDS);
    expect(outcome).toEqual({ counters: [4 * ROUNDS, 4 * ROUNDS], faults: 0, lockWords: [] });
  });

  it('is more than what a lock that excludes nobody does', async () => {
    const { counters } = await contend(broken('noLock'), ['mutex', 'mutex', 'mutex', 'mutex'], ROUNDS);
    expect(counters[0]).toBeLessThan(4 * ROUNDS);
  });
});

describe('spinRwLock among workers', () => {
  it('shows readers whole changes', async () => {
    const outcome = await contend(built('spinRwLock'), ['writer', 'reader', 'writer', 'reader'], ROUNDS);
    expect(outcome).toEqual({ counters: [2 * ROUNDS, 2 * ROUNDS], faults: 0, lockWords: [] });
  });

  it('lets trying writers in beside readers that come and go', async () => {
    const outcome = await contend(built('spinRwLock'), ['tryWriter', 'reader', 'reader'], 500);
    expect(outcome).toEqual({ counters: [500, 500], faults: 0, lockWords: [] });
  });

  it('is more than what a lock that excludes nobody does', async () => {
    const { faults } = await contend(broken('noLock'), ['writer', 'reader'], ROUNDS);
    expect(faults).toBeGreaterThan(0);
  });

  it('lets two readers be inside at the same time', async () => {
    const { faults } = await contend(built('spinRwLock'), ['meetingReader', 'meetingReader'], 1);
    expect(faults).toBe(0);
  });

  it('is more than what a mutex does for readers', async () => {
    const { faults } = await contend(broken('mutexAsRwLock'), ['meetingReader', 'meetingReader'], 1, 100);
    expect(faults).toBeGreaterThan(0);
  });
});
