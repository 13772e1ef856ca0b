import { describe, expect, it } from 'vitest';
import { spinMutex } from '../src/mutex.ts';
import { PAUSING_BUDGET, expectCode, impatientAgent, sharedWords } from './agents.ts';
import { beforeEachCall, countAtomics, duringPauses, totalAtomics } from './atomics-probe.ts';

// Of the state table in mutex.ts.
const STARVING = 1 << 8;
const CONTENDED = 1 << 9;

function twoAgents(spin = PAUSING_BUDGET) {
  const words = sharedWords();
  return {
    words,
    first: spinMutex.bind(impatientAgent(words, 1, spin)),
    second: spinMutex.bind(impatientAgent(words, 2)),
  };
}

describe('spinMutex', () => {
  it('is unlocked when its word is zero, and zero when it is unlocked', () => {
    const { words, first } = twoAgents();
    first.lock(1);
    expect([...words]).toEqual([0, 1, 0, 0]);
    first.unlock(1);
    expect([...words]).toEqual([0, 0, 0, 0]);
  });

  it('costs two Atomics calls per uncontended pair', () => {
    const { first } = twoAgents();
    expect(countAtomics(() => (first.lock(0), first.unlock(0)))).toEqual({ compareExchange: 2 });
    expect(countAtomics(() => (first.tryLock(0), first.unlock(0)))).toEqual({ compareExchange: 2 });
  });

  it('keeps others out while it is held, and a try costs one call', () => {
    const { first, second } = twoAgents();
    first.lock(0);
    expect(totalAtomics(() => expect(second.tryLock(0)).toBe(false))).toBe(1);
    first.unlock(0);
    expect(second.tryLock(0)).toBe(true);
  });

  it('refuses an agent that may not block, and leaves the word as it was', () => {
    const { words, first, second } = twoAgents();
    first.lock(0);
    expectCode(() => second.lock(0), 'ERR_ZS_WOULD_BLOCK');
    expect(words[0]).toBe(1);
    first.unlock(0);
    expect(words[0]).toBe(0);
  });

  it('gets the lock once the holder has left', () => {
    const { words, first, second } = twoAgents();
    second.lock(0);
    duringPauses(
      (round) => round === 3 && second.unlock(0),
      () => first.lock(0),
    );
    expect(words[0]).toBe(1);
  });

  it('asks for attention after the bounded spin, and unlocking clears the request', () => {
    const { words, first, second } = twoAgents({ yieldAfter: 2, refuseAfter: 1000 });
    second.lock(0);
    const contended: boolean[] = [];
    duringPauses(
      (round) => {
        contended.push(second.isContended(0));
        if (round === 5) second.unlock(0);
      },
      () => first.lock(0),
    );
    expect(contended).toEqual([false, false, true, true, true, true]);
    expect(words[0]).toBe(1);
  });

  it('reserves the lock for a starving waiter, and only while that spins', () => {
    const words = sharedWords();
    const [waiter, holder, newcomer] = [1, 2, 3].map((index) => {
      // Starves at once, and spins twice with the lock reserved.
      const agent = impatientAgent(words, index, { yieldAfter: -8, refuseAfter: 1 });
      agent.mayBlock = index === 1;
      return spinMutex.bind(agent);
    });
    holder.lock(0);
    const seen: number[] = [];
    const release = (): void => {
      seen.push(words[0]);
      if (seen.length < 6 || (words[0] & STARVING) === 0) return;
      holder.unlock(0);
      expect(words[0]).toBe(STARVING);
      expect(newcomer.tryLock(0)).toBe(false);
    };
    beforeEachCall('load', release, () => waiter.lock(0));
    expect(seen.slice(0, 3)).toEqual([2 | CONTENDED, 2 | CONTENDED | STARVING, 2 | CONTENDED]);
    expect(words[0]).toBe(1);
  });

  it('leaves a reserved lock alone for its bounded spin, and gets over a reservation whose waiter has died', () => {
    const { words, first } = twoAgents({ yieldAfter: 3, refuseAfter: 1000 });
    words[0] = STARVING;
    expect(first.tryLock(0)).toBe(false);
    const seen: number[] = [];
    duringPauses(
      () => seen.push(words[0]),
      () => first.lock(0),
    );
    expect(seen).toEqual([STARVING, STARVING, STARVING]);
    expect(words[0]).toBe(1);
  });

  it('keeps the reservation when it unlocks, and drops the hint', () => {
    const { words, first } = twoAgents();
    words[0] = 1 | STARVING | CONTENDED;
    first.unlock(0);
    expect(words[0]).toBe(STARVING);
  });

  it('finds misuse and leaves the word as it was', () => {
    const { words, first, second } = twoAgents();
    expectCode(() => first.unlock(0), 'ERR_ZS_LOCK_MISUSE');
    expect(words[0]).toBe(0);
    first.lock(0);
    expectCode(() => first.lock(0), 'ERR_ZS_LOCK_MISUSE');
    expectCode(() => second.unlock(0), 'ERR_ZS_LOCK_MISUSE');
    expect(words[0]).toBe(1);
    words[0] |= STARVING | CONTENDED;
    expectCode(() => second.unlock(0), 'ERR_ZS_LOCK_MISUSE');
    expect(words[0]).toBe(1 | STARVING | CONTENDED);
  });

  it('knows the agent with the largest number', () => {
    const words = sharedWords();
    const last = spinMutex.bind(impatientAgent(words, 255));
    last.lock(0);
    expect(words[0]).toBe(255);
    expectCode(() => last.lock(0), 'ERR_ZS_LOCK_MISUSE');
    last.unlock(0);
    expect(words[0]).toBe(0);
  });
});
