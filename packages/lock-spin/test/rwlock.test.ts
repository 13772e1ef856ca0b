import { describe, expect, it } from 'vitest';
import { spinRwLock } from '../src/rwlock.ts';
import { PAUSING_BUDGET, expectCode, impatientAgent, sharedWords } from './agents.ts';
import { countAtomics, duringPauses, totalAtomics } from './atomics-probe.ts';

// Of the state table in rwlock.ts.
const WAITING = 1 << 8;
const CONTENDED = 1 << 9;
const READER = 1 << 12;
const READERS_MAX = 1 << 17;

function twoAgents(spin = PAUSING_BUDGET) {
  const words = sharedWords();
  return {
    words,
    first: spinRwLock.bind(impatientAgent(words, 1, spin)),
    second: spinRwLock.bind(impatientAgent(words, 2)),
  };
}

describe('spinRwLock', () => {
  it('costs two Atomics calls per uncontended pair', () => {
    const { words, first } = twoAgents();
    expect(countAtomics(() => (first.readLock(0), first.readUnlock(0)))).toEqual({ add: 1, sub: 1 });
    expect(countAtomics(() => (first.tryReadLock(0), first.readUnlock(0)))).toEqual({ add: 1, sub: 1 });
    expect(countAtomics(() => (first.writeLock(0), first.writeUnlock(0)))).toEqual({ compareExchange: 2 });
    expect(countAtomics(() => (first.tryWriteLock(0), first.writeUnlock(0)))).toEqual({ compareExchange: 2 });
    expect(words[0]).toBe(0);
  });

  it('lets readers in together, and keeps writers out meanwhile', () => {
    const { words, first, second } = twoAgents();
    first.readLock(0);
    second.readLock(0);
    expect(words[0]).toBe(2 * READER);
    expect(first.tryWriteLock(0)).toBe(false);
    first.readUnlock(0);
    expect(first.tryWriteLock(0)).toBe(false);
    second.readUnlock(0);
    expect(first.tryWriteLock(0)).toBe(true);
  });

  it('keeps everybody out while a writer is inside; tries cost at most two calls', () => {
    const { words, first, second } = twoAgents();
    first.writeLock(0);
    expect(totalAtomics(() => expect(second.tryReadLock(0)).toBe(false))).toBe(2);
    expect(totalAtomics(() => expect(second.tryWriteLock(0)).toBe(false))).toBe(1);
    expect(first.tryReadLock(0)).toBe(false);
    expect(words[0]).toBe(1);
  });

  it('refuses an agent that may not block, and leaves the word as it was', () => {
    const { words, first, second } = twoAgents();
    first.writeLock(0);
    expectCode(() => second.readLock(0), 'ERR_ZS_WOULD_BLOCK');
    expectCode(() => second.writeLock(0), 'ERR_ZS_WOULD_BLOCK');
    expect(words[0]).toBe(1);
    first.writeUnlock(0);
    first.readLock(0);
    expectCode(() => second.writeLock(0), 'ERR_ZS_WOULD_BLOCK');
    expect(words[0]).toBe(READER);
  });

  it('stops new readers while a writer waits, and lets the writer in after the readers inside', () => {
    const { words, first, second } = twoAgents();
    second.readLock(0);
    const tries: boolean[] = [];
    duringPauses(
      (round) => {
        if (round === 1) tries.push(second.tryReadLock(0), second.isContended(0));
        if (round === 2) second.readUnlock(0);
      },
      () => first.writeLock(0),
    );
    expect(tries).toEqual([false, true]);
    expect(words[0]).toBe(1);
  });

  it('lets a reader with exhausted patience pass a waiting writer, which heals what a dead writer left', () => {
    const { words, first, second } = twoAgents();
    words[0] = READER | WAITING;
    expect(second.tryReadLock(0)).toBe(false);
    first.readLock(0);
    expect(words[0]).toBe(2 * READER);
  });

  it('asks a writer for attention, and unlocking clears the request', () => {
    const { words, first, second } = twoAgents({ yieldAfter: 2, refuseAfter: 1000 });
    second.writeLock(0);
    const contended: boolean[] = [];
    duringPauses(
      (round) => {
        contended.push(second.isContended(0));
        if (round === 4) second.writeUnlock(0);
      },
      () => first.readLock(0),
    );
    expect(contended).toEqual([false, false, true, true, true]);
    expect(words[0]).toBe(READER);
  });

  it('keeps visitors and a waiting writer when a writer unlocks', () => {
    const { words, first } = twoAgents();
    words[0] = 1 | WAITING | CONTENDED | (3 * READER);
    first.writeUnlock(0);
    expect(words[0]).toBe(WAITING | (3 * READER));
  });

  it('finds misuse and leaves the word as it was', () => {
    const { words, first, second } = twoAgents();
    expectCode(() => first.readUnlock(0), 'ERR_ZS_LOCK_MISUSE');
    expectCode(() => first.writeUnlock(0), 'ERR_ZS_LOCK_MISUSE');
    expect(words[0]).toBe(0);
    first.writeLock(0);
    expectCode(() => first.writeLock(0), 'ERR_ZS_LOCK_MISUSE');
    expectCode(() => first.readLock(0), 'ERR_ZS_LOCK_MISUSE');
    expectCode(() => first.readUnlock(0), 'ERR_ZS_LOCK_MISUSE');
    expectCode(() => second.writeUnlock(0), 'ERR_ZS_LOCK_MISUSE');
    expectCode(() => second.readUnlock(0), 'ERR_ZS_LOCK_MISUSE');
    expect(words[0]).toBe(1);
    first.writeUnlock(0);
    first.readLock(0);
    expectCode(() => first.writeUnlock(0), 'ERR_ZS_LOCK_MISUSE');
    expect(words[0]).toBe(READER);
  });

  it('refuses one reader more than fit, and stays positive with all agents visiting', () => {
    const { words, first } = twoAgents();
    words[0] = READERS_MAX * READER;
    expectCode(() => first.readLock(0), 'ERR_ZS_LOCK_MISUSE');
    expect(first.tryReadLock(0)).toBe(false);
    expect(words[0]).toBe(READERS_MAX * READER);
    expect((READERS_MAX + 255) * READER).toBeLessThan(2 ** 30);
    first.readUnlock(0);
    first.readLock(0);
    expect(words[0]).toBe(READERS_MAX * READER);
  });

  it('takes a word that a stray readUnlock is about to repair for closed', () => {
    const { words, first, second } = twoAgents();
    words[0] = -READER;
    expect(second.tryReadLock(0)).toBe(false);
    expect(second.tryWriteLock(0)).toBe(false);
    duringPauses(
      (round) => round === 1 && (words[0] += READER),
      () => first.readLock(0),
    );
    expect(words[0]).toBe(READER);
  });
});
