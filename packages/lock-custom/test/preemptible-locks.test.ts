import type { LockKind, TryRwLock } from '@zsmalloc/core/strategy';
import { describe, expect, it } from 'vitest';
import { PAUSING_BUDGET, expectCode, impatientAgent, sharedWords } from '../../lock-spin/test/agents.ts';
import { duringPauses, totalAtomics } from '../../lock-spin/test/atomics-probe.ts';
import { preemptibleAtomicLock } from '../src/preemptible-atomic-lock.ts';
import { preemptibleLock } from '../src/preemptible-lock.ts';

const kinds: { name: string; kind: LockKind<TryRwLock>; readPair: number }[] = [
  { name: 'preemptibleLock', kind: preemptibleLock, readPair: 4 },
  { name: 'preemptibleAtomicLock', kind: preemptibleAtomicLock, readPair: 2 },
];

describe.each(kinds)('$name', ({ kind, readPair }) => {
  function twoAgents() {
    const words = sharedWords();
    return {
      words,
      first: kind.bind(impatientAgent(words, 1, PAUSING_BUDGET)),
      second: kind.bind(impatientAgent(words, 2)),
    };
  }

  it('is unlocked when its words are zero, and zero when it is unlocked', () => {
    const { words, first } = twoAgents();
    first.readLock(1);
    expect(words.slice(1, 1 + kind.words).some((word) => word !== 0)).toBe(true);
    first.readUnlock(1);
    expect(first.tryWriteLock(1)).toBe(true);
    first.writeUnlock(1);
    expect([...words]).toEqual([0, 0, 0, 0]);
  });

  it(`costs ${readPair} Atomics calls per uncontended read pair and 2 per write pair`, () => {
    const { first } = twoAgents();
    expect(totalAtomics(() => (first.readLock(0), first.readUnlock(0)))).toBe(readPair);
    expect(totalAtomics(() => (first.tryReadLock(0), first.readUnlock(0)))).toBe(readPair);
    expect(totalAtomics(() => (first.tryWriteLock(0), first.writeUnlock(0)))).toBe(2);
  });

  it('lets readers in together, and keeps writers out meanwhile', () => {
    const { first, second } = twoAgents();
    first.readLock(0);
    second.readLock(0);
    expect(second.tryReadLock(0)).toBe(true);
    for (const reader of [first, second, second]) {
      expect(totalAtomics(() => expect(first.tryWriteLock(0)).toBe(false))).toBeLessThanOrEqual(2);
      reader.readUnlock(0);
    }
    expect(first.tryWriteLock(0)).toBe(true);
  });

  it('keeps everybody out while a writer is inside, and a try costs at most two calls', () => {
    const { first, second } = twoAgents();
    first.tryWriteLock(0);
    for (const agent of [first, second]) {
      expect(totalAtomics(() => expect(agent.tryReadLock(0)).toBe(false))).toBeLessThanOrEqual(2);
      expect(totalAtomics(() => expect(agent.tryWriteLock(0)).toBe(false))).toBe(1);
    }
    first.writeUnlock(0);
    expect(second.tryReadLock(0)).toBe(true);
  });

  it('lets a reader in once the writer has left', () => {
    const { words, first, second } = twoAgents();
    second.tryWriteLock(0);
    duringPauses(
      (round) => round === 3 && second.writeUnlock(0),
      () => first.readLock(0),
    );
    first.readUnlock(0);
    expect([...words]).toEqual([0, 0, 0, 0]);
  });

  it('refuses a reader that may not block, and leaves the words as they were', () => {
    const { words, first, second } = twoAgents();
    first.tryWriteLock(0);
    const before = [...words];
    expectCode(() => second.readLock(0), 'ERR_ZS_WOULD_BLOCK');
    expect([...words]).toEqual(before);
  });

  it('finds misuse and leaves the words as they were', () => {
    const { words, first, second } = twoAgents();
    expectCode(() => first.readUnlock(0), 'ERR_ZS_LOCK_MISUSE');
    expectCode(() => first.writeUnlock(0), 'ERR_ZS_LOCK_MISUSE');
    expect([...words]).toEqual([0, 0, 0, 0]);

    first.readLock(0);
    const reading = [...words];
    expectCode(() => first.writeUnlock(0), 'ERR_ZS_LOCK_MISUSE');
    expect([...words]).toEqual(reading);
    first.readUnlock(0);

    first.tryWriteLock(0);
    const writing = [...words];
    expectCode(() => first.readLock(0), 'ERR_ZS_LOCK_MISUSE');
    expectCode(() => first.readUnlock(0), 'ERR_ZS_LOCK_MISUSE');
    expectCode(() => second.writeUnlock(0), 'ERR_ZS_LOCK_MISUSE');
    expect([...words]).toEqual(writing);
    first.writeUnlock(0);
    expect([...words]).toEqual([0, 0, 0, 0]);
  });

  it('knows the agent with the largest number', () => {
    const words = sharedWords();
    const last = kind.bind(impatientAgent(words, 255));
    last.tryWriteLock(0);
    expect(Math.min(...words)).toBe(0);
    expectCode(() => last.readLock(0), 'ERR_ZS_LOCK_MISUSE');
    last.writeUnlock(0);
    expect([...words]).toEqual([0, 0, 0, 0]);
  });
});

describe('preemptibleLock', () => {
  it('ends a read although the mutex is busy for longer than the agent would spin', () => {
    const words = sharedWords();
    const reader = preemptibleLock.bind(impatientAgent(words, 1));
    reader.readLock(0);
    words[0] = 2; // Agent 2 is counting.
    duringPauses(
      (round) => round === 100 && (words[0] = 0),
      () => reader.readUnlock(0),
    );
    expect([...words]).toEqual([0, 0, 0, 0]);
  });

  it('refuses one reader more than fit', () => {
    const words = sharedWords();
    const reader = preemptibleLock.bind(impatientAgent(words, 1));
    words[1] = 2 ** 20 - 1;
    expectCode(() => reader.readLock(0), 'ERR_ZS_LOCK_MISUSE');
    expect([...words]).toEqual([0, 2 ** 20 - 1, 0, 0]);
  });
});

describe('preemptibleAtomicLock', () => {
  const READER = 1 << 10;
  const READERS_MAX = 1 << 19;

  it('keeps visitors when a writer unlocks', () => {
    const words = sharedWords();
    const writer = preemptibleAtomicLock.bind(impatientAgent(words, 1));
    words[0] = 1 | (3 * READER);
    writer.writeUnlock(0);
    expect(words[0]).toBe(3 * READER);
  });

  it('refuses one reader more than fit, and stays positive with all agents visiting', () => {
    const words = sharedWords();
    const reader = preemptibleAtomicLock.bind(impatientAgent(words, 1));
    words[0] = READERS_MAX * READER;
    expectCode(() => reader.readLock(0), 'ERR_ZS_LOCK_MISUSE');
    expect(words[0]).toBe(READERS_MAX * READER);
    expect((READERS_MAX + 255) * READER).toBeLessThan(2 ** 30);
  });

  it('takes a word that a stray readUnlock is about to repair for closed', () => {
    const words = sharedWords();
    const reader = preemptibleAtomicLock.bind(impatientAgent(words, 1, PAUSING_BUDGET));
    words[0] = -READER;
    expect(reader.tryReadLock(0)).toBe(false);
    expect(reader.tryWriteLock(0)).toBe(false);
    duringPauses(
      (round) => round === 1 && (words[0] += READER),
      () => reader.readLock(0),
    );
    expect(words[0]).toBe(READER);
  });
});

describe('preemptibleLock', () => {
  /** What a waiter has set in the mutex that waited long: nobody else may take it by a try. */
  const STARVING = 1 << 8;
  const nobodyElse = (): boolean => false;

  it('counts its readers anew although an agent has died that was waiting to count itself', () => {
    const words = sharedWords();
    const heir = preemptibleLock.bind(impatientAgent(words, 1));
    const reader = preemptibleLock.bind(impatientAgent(words, 2));
    reader.readLock(0);
    reader.readLock(0);
    words[0] = STARVING;
    expect(heir.tryWriteLock(0)).toBe(false);
    const recovery = heir.recovery!;
    expect(recovery.closeCount(0, nobodyElse)).toBe(true);
    recovery.openCount(0, recovery.countOf(0) - 1);
    reader.readUnlock(0);
    expect([...words]).toEqual([0, 0, 0, 0]);
    expect(heir.tryWriteLock(0)).toBe(true);
  });
});
