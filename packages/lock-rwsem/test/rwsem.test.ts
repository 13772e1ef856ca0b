// The lock itself, without contention: what calls cost, what words they leave, and what they refuse.

import { createAgent, hasCode } from '@zsmalloc/core/words';
import { describe, expect, it } from 'vitest';
import { AGENT_WORDS, BUCKET_WORDS, HEAD_WORDS, NODE, NODES, ParkingLot } from '../src/lot.ts';
import { Rwsem } from '../src/rwsem.ts';
import { QUEUED, READER, READERS_MAX, WRITER, ownerOf, readersOf, writeHold } from '../src/word.ts';

const PLACE = {
  head: 0,
  buckets: HEAD_WORDS,
  bucketCount: 1,
  agents: HEAD_WORDS + BUCKET_WORDS,
  agentStride: AGENT_WORDS,
};
const LOCK = PLACE.agents + 4 * AGENT_WORDS;

/** Two agents of one lock, both driven by this thread. */
function twoAgents(): { words: Int32Array; locks: Rwsem; others: Rwsem } {
  const words = new Int32Array(new SharedArrayBuffer((LOCK + 1) * 4));
  const [locks, others] = [1, 2].map((index) => {
    const agent = createAgent(words, index, { yieldAfter: 0, refuseAfter: 3 });
    return new Rwsem(new ParkingLot(agent, PLACE), { cores: 1, rounds: 0 });
  });
  return { words, locks: locks!, others: others! };
}

/** Names of the Atomics calls that `section` makes. */
function callsOf(section: () => void): string[] {
  const real = globalThis.Atomics;
  const calls: string[] = [];
  globalThis.Atomics = new Proxy(real, {
    get: (target, name) => {
      calls.push(String(name));
      return Reflect.get(target, name);
    },
  });
  try {
    section();
  } finally {
    globalThis.Atomics = real;
  }
  return calls;
}

describe('uncontended cost in Atomics calls', () => {
  const { locks } = twoAgents();

  it('is one to lock for reading and one to unlock', () => {
    const calls = callsOf(() => {
      locks.readLock(LOCK);
      locks.readUnlock(LOCK);
    });
    expect(calls).toEqual(['add', 'sub']);
  });

  it('is one to lock for writing and one to unlock', () => {
    const calls = callsOf(() => {
      locks.writeLock(LOCK);
      locks.writeUnlock(LOCK);
    });
    expect(calls).toEqual(['compareExchange', 'compareExchange']);
  });

  it('is one for each try, for a downgrade and for an upgrade', () => {
    const calls = callsOf(() => {
      locks.tryWriteLock(LOCK);
      locks.downgrade(LOCK);
      locks.tryUpgrade(LOCK);
      locks.writeUnlock(LOCK);
      locks.tryReadLock(LOCK);
      locks.readUnlock(LOCK);
    });
    expect(calls).toHaveLength(6);
  });

  it('is one for a read lock beside another reader', () => {
    locks.readLock(LOCK);
    expect(callsOf(() => locks.readLock(LOCK))).toEqual(['add']);
    locks.readUnlock(LOCK);
    locks.readUnlock(LOCK);
  });
});

describe('the lock word', () => {
  it('is zero when free, counts readers, and names the writer', () => {
    const { words, locks, others } = twoAgents();
    locks.readLock(LOCK);
    others.readLock(LOCK);
    expect(readersOf(words[LOCK]!)).toBe(2);
    locks.readUnlock(LOCK);
    others.readUnlock(LOCK);
    expect(words[LOCK]).toBe(0);

    others.writeLock(LOCK);
    expect(ownerOf(words[LOCK]!)).toBe(2);
    others.downgrade(LOCK);
    expect(words[LOCK]).toBe(READER);
    others.readUnlock(LOCK);
    expect(words[LOCK]).toBe(0);
  });

  it('stays positive for the last agent with the most readers', () => {
    expect(writeHold(255) + (READERS_MAX + 1) * READER).toBeGreaterThan(0);
  });
});

describe('tries', () => {
  it('fail beside a writer, and write tries also beside a reader', () => {
    const { locks, others } = twoAgents();
    locks.writeLock(LOCK);
    expect(others.tryReadLock(LOCK)).toBe(false);
    expect(others.tryWriteLock(LOCK)).toBe(false);
    locks.downgrade(LOCK);
    expect(others.tryWriteLock(LOCK)).toBe(false);
    expect(others.tryReadLock(LOCK)).toBe(true);
    expect(locks.tryUpgrade(LOCK)).toBe(false);
    others.readUnlock(LOCK);
    expect(locks.tryUpgrade(LOCK)).toBe(true);
    locks.writeUnlock(LOCK);
  });
});

describe('misuse', () => {
  it.each([
    ['a read unlock of a free lock', (locks: Rwsem) => locks.readUnlock(LOCK)],
    ['a write unlock of a free lock', (locks: Rwsem) => locks.writeUnlock(LOCK)],
    ['a downgrade of a free lock', (locks: Rwsem) => locks.downgrade(LOCK)],
    ['an upgrade of a free lock', (locks: Rwsem) => locks.tryUpgrade(LOCK)],
  ])('%s is ERR_ZS_LOCK_MISUSE and changes nothing', (_name, misuse) => {
    const { words, locks } = twoAgents();
    expect(() => misuse(locks)).toThrow(/ERR_ZS_LOCK_MISUSE/);
    expect(words[LOCK]).toBe(0);
  });

  it('a stranger cannot end a write hold', () => {
    const { words, locks, others } = twoAgents();
    locks.writeLock(LOCK);
    for (const end of [() => others.writeUnlock(LOCK), () => others.downgrade(LOCK), () => others.readUnlock(LOCK)]) {
      expect(end).toThrow(/ERR_ZS_LOCK_MISUSE/);
      expect(words[LOCK]).toBe(writeHold(1));
    }
    locks.writeUnlock(LOCK);
  });

  it('locking what this agent writes is an error, not a sleep without end', () => {
    const { words, locks } = twoAgents();
    locks.writeLock(LOCK);
    expect(() => locks.writeLock(LOCK)).toThrow(/ERR_ZS_LOCK_MISUSE/);
    expect(() => locks.readLock(LOCK)).toThrow(/ERR_ZS_LOCK_MISUSE/);
    expect(words[LOCK]).toBe(writeHold(1));
    locks.writeUnlock(LOCK);
  });

  it('one reader more than the word can count is refused', () => {
    const { words, locks } = twoAgents();
    words[LOCK] = (READERS_MAX + 1) * READER;
    expect(() => locks.readLock(LOCK)).toThrow(/65535 read holds/);
    expect(locks.tryReadLock(LOCK)).toBe(false);
    expect(() => locks.readLockAgain(LOCK)).toThrow(/65535 read holds/);
    expect(words[LOCK]).toBe((READERS_MAX + 1) * READER);
  });
});

describe('an agent that may not block', () => {
  it('gives up with ERR_ZS_WOULD_BLOCK and has changed nothing', () => {
    const { words, locks, others } = twoAgents();
    others.agent.mayBlock = false;
    locks.writeLock(LOCK);
    for (const call of [() => others.readLock(LOCK), () => others.writeLock(LOCK)]) {
      let error: unknown;
      try {
        call();
      } catch (thrown) {
        error = thrown;
      }
      expect(hasCode(error, 'ERR_ZS_WOULD_BLOCK')).toBe(true);
      expect(words[LOCK]).toBe(writeHold(1));
      expect(others.refusedLock).toBe(LOCK);
    }
    locks.writeUnlock(LOCK);
    others.writeLock(LOCK);
    others.writeUnlock(LOCK);
  });

  it('never calls Atomics.wait', () => {
    const { locks, others } = twoAgents();
    others.agent.mayBlock = false;
    locks.writeLock(LOCK);
    const calls = callsOf(() => expect(() => others.writeLock(LOCK)).toThrow(/WOULD_BLOCK/));
    expect(calls).not.toContain('wait');
    locks.writeUnlock(LOCK);
  });
});

describe('time limits', () => {
  it('end a wait, and leave no trace of it', () => {
    const { words, locks, others } = twoAgents();
    locks.writeLock(LOCK);
    expect(others.readLockUntil(LOCK, performance.now())).toBe(false);
    expect(others.writeLockUntil(LOCK, performance.now() + 5)).toBe(false);
    expect(words[LOCK]).toBe(WRITER | writeHold(1));
    locks.writeUnlock(LOCK);
    expect(words[LOCK]).toBe(0);
  });
});

describe('a queue that was written into', () => {
  it('ends with an error, and leaves its bucket free', () => {
    const { words, locks } = twoAgents();
    const node = 2 * NODES;
    words[PLACE.buckets + 1] = node;
    words[PLACE.agents + 2 * AGENT_WORDS + NODE.next] = node;
    locks.writeLock(LOCK);
    words[LOCK]! |= QUEUED;
    expect(() => locks.writeUnlock(LOCK)).toThrow(/ERR_ZS_CORRUPT/);
    expect(words[PLACE.buckets]).toBe(0);
  });
});
