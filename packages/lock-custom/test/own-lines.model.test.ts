// Core's OwnLines around the preemptible atomic lock, in every schedule, and mutants of it.

import { OWN_LINE_WORDS, OwnLines, ReadTable } from '@zsmalloc/core/strategy';
import type { LockKind, StrategyHost, TryRwLock } from '@zsmalloc/core/strategy';
import type { Agent } from '@zsmalloc/core/words';
import { assertPassed, assertProved } from '@zsmalloc/explorer';
import { describe, expect, it } from 'vitest';
import { PATIENT, exploreLock } from '../../lock-spin/test/model-programs.ts';
import type { Role } from '../../lock-spin/test/model-programs.ts';
import { read, strayReadUnlock, tryWrite } from '../../lock-spin/test/model-roles.ts';
import { preemptibleAtomicLock } from '../src/preemptible-atomic-lock.ts';

/** `exploreLock` has its lock at word 0, which no zspage's can be: it would look like an empty slot. */
const LOCK = 1;
/** Where words lie behind those of `exploreLock`, whose sections touch words 8 and 9. */
const ALARM = 12;
const AGENTS_HIGH = 14;
const SLOTS = 12;
const STRIDE = 8;
const READS = 4;

type Parts = { words: Int32Array; first: number; top: number; counted: { holderOf(word: number): number } };
type Change = (
  lines: OwnLines,
  agent: Agent,
) => Partial<Pick<OwnLines, 'enter' | 'leave' | 'isMarked' | 'tryWriteLock'>>;

function ownLines(change: Change = () => ({})): LockKind<TryRwLock> {
  return {
    words: 1,
    bind: (agent) => {
      const table = SLOTS + agent.index * STRIDE + OWN_LINE_WORDS;
      const reads = new ReadTable(agent, {
        alarm: ALARM,
        disturbed: ALARM + 1,
        lookup: table,
        reads: table + 1,
        readsCount: READS - 1,
        grow: () => {
          throw new Error('more reads than a test opens');
        },
      });
      const host = { agent, reads, agentStride: STRIDE } as Partial<StrategyHost> as StrategyHost;
      const lock = preemptibleAtomicLock.bind(agent);
      const lines = new OwnLines(host, lock, { slots: SLOTS, agentsHigh: AGENTS_HIGH });
      Object.assign(lines, change(lines, agent));
      return {
        readLock: () => lines.enter(LOCK),
        tryReadLock: () => lock.tryReadLock(LOCK),
        readUnlock: () => lines.leave(LOCK),
        tryWriteLock: () => lines.tryWriteLock(LOCK),
        writeUnlock: () => lines.writeUnlock(LOCK),
      };
    },
  };
}

const partsOf = (lines: OwnLines): Parts => lines as unknown as Parts;

/** Three reads open at once, the first of which ends first. */
const readThrice: Role<TryRwLock> = (lock, section) => {
  for (let i = 0; i < 3; i++) lock.readLock(0);
  section.look();
  for (let i = 0; i < 3; i++) lock.readUnlock(0);
};

/** More reads than there are slots: the rest are counted. */
const readMore: Role<TryRwLock> = (lock, section) => {
  for (let i = 0; i <= OWN_LINE_WORDS; i++) lock.readLock(0);
  section.look();
  for (let i = 0; i <= OWN_LINE_WORDS; i++) lock.readUnlock(0);
};

describe('OwnLines, in every schedule', () => {
  it.each<[string, Role<TryRwLock>[]]>([
    ['two movers', [tryWrite, tryWrite]],
    ['a reader and a mover', [read, tryWrite]],
    ['a reader with several reads open and a mover', [readThrice, tryWrite]],
    ['a reader with more reads than slots and a mover', [readMore, tryWrite]],
    ['two movers and one that ends a read without one', [tryWrite, strayReadUnlock]],
  ])('excludes, and lets everybody go: %s', (_, roles) => {
    assertProved(exploreLock(ownLines(), roles, PATIENT).result);
  });

  it.each<[string, Role<TryRwLock>[]]>([
    ['two readers and a mover', [read, read, tryWrite]],
    ['a reader and two movers', [read, tryWrite, tryWrite]],
  ])('excludes with at most 3 preemptions: %s', (_, roles) => {
    assertPassed(exploreLock(ownLines(), roles, PATIENT, { preemptions: 3 }).result);
  });

  it('lets readers be inside together', () => {
    const { result, readersMost } = exploreLock(ownLines(), [read, read], PATIENT);
    assertProved(result);
    expect(readersMost).toBe(2);
  });
});

describe('the model', () => {
  const mutants: [string, Change][] = [
    [
      'a reader does not look for the mover',
      (lines) => ({
        enter: (word) => {
          const parts = partsOf(lines);
          Atomics.store(parts.words, parts.top++, word);
        },
      }),
    ],
    [
      'a reader looks for the mover before it marks itself',
      (lines) => ({
        enter: (word) => {
          const parts = partsOf(lines);
          while (parts.counted.holderOf(word) !== 0) (Atomics as { pause?: () => void }).pause?.();
          Atomics.store(parts.words, parts.top++, word);
        },
      }),
    ],
    [
      'a reader clears its mark by a plain store',
      (lines) => ({
        leave: () => {
          const parts = partsOf(lines);
          parts.words[--parts.top] = 0;
        },
      }),
    ],
    [
      'a mover looks through one line too few',
      (lines) => ({
        isMarked: (word) => {
          const { words } = partsOf(lines);
          for (let agent = 2; agent <= words[AGENTS_HIGH]!; agent++) {
            if (Atomics.load(words, SLOTS + agent * STRIDE) === word) return true;
          }
          return false;
        },
      }),
    ],
    [
      'a mover looks at the marks before it takes the word',
      (lines, agent) => ({
        tryWriteLock: (word) => !lines.isMarked(word) && preemptibleAtomicLock.bind(agent).tryWriteLock(word),
      }),
    ],
    [
      'a mover keeps the word when it finds a mark',
      (lines, agent) => ({
        tryWriteLock: (word) => preemptibleAtomicLock.bind(agent).tryWriteLock(word) && !lines.isMarked(word),
      }),
    ],
  ];

  it.each(mutants)('rejects OwnLines in which %s', (_, change) => {
    const { result } = exploreLock(ownLines(change), [read, tryWrite], PATIENT);
    expect(result.verdict).toBe('failed');
  });
});
