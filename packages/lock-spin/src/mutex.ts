// Spin mutex: one word, no queue, no parking.
//
// STATE                      bits 0-7 owner   bit 8 STARVING   bit 9 CONTENDED
//   free                       0                0                0
//   free, reserved             0                1                0
//   held by agent a            a                0 or 1           0 or 1
//   (0, -, 1) cannot occur: CONTENDED is set on held words only, and unlocking clears it.
//
//   0 -> a                     lock, tryLock
//   STARVING -> a              a waiter that is starving; others that starve set the bit again
//   a -> a + bits              a waiter
//   a + bits -> STARVING or 0  unlock
//
// RULES
//   1. Everybody waits for the holder. Newcomers expect 0 and therefore wait for a starving waiter as well.
//   2. No queue: it would hand the lock to a descheduled waiter. Without STARVING a waiter could lose every race;
//      with it, it races only with others that starve.
//   3. A holder must not park, await, or run user code. It may be descheduled: waiters yield after a bounded spin.
//   4. Only the owner unlocks. Misuse is found in the value that the failing CAS returns, and leaves the word as it was.
//   5. Unlocking is a CAS. A plain store would order nothing in the memory model, and would drop STARVING.
//   6. An agent that dies inside leaves the lock held. One that dies while it waits leaves at most STARVING, which lock
//      gets over after its own patience and tryLock does not.
//
// Source: the test-and-set lock with a bounded spin and a timed yield of shared/reference/locks.md A.4.

import type { LockKind, Mutex } from '@zsmalloc/core/strategy';
import type { Agent, AgentIndex, WordIndex, Words } from '@zsmalloc/core/words';
import { notOwner, selfDeadlock } from './misuse.ts';
import { patienceRounds, waitRound } from './waiting.ts';

const OWNER = 0xff;
const STARVING = 1 << 8;
const CONTENDED = 1 << 9;
const NAME = 'spin mutex';

/** Spin mutex in one word. Lock and unlock cost one Atomics call each when nobody else wants it. */
export const spinMutex: LockKind<Mutex> = {
  words: 1,
  bind: (agent) => new BoundSpinMutex(agent),
};

class BoundSpinMutex implements Mutex {
  private readonly agent: Agent;
  private readonly words: Words;
  private readonly me: AgentIndex;

  constructor(agent: Agent) {
    this.agent = agent;
    this.words = agent.words;
    this.me = agent.index;
  }

  lock(word: WordIndex): void {
    // order: acquire, pairs with unlock. What the last holder wrote is visible from here on.
    const seen = Atomics.compareExchange(this.words, word, 0, this.me);
    if (seen !== 0) this.lockSlow(word, seen);
  }

  tryLock(word: WordIndex): boolean {
    // order: acquire, pairs with unlock. As in lock.
    return Atomics.compareExchange(this.words, word, 0, this.me) === 0;
  }

  unlock(word: WordIndex): void {
    // order: release, pairs with lock and tryLock. The next holder sees what this one wrote.
    const seen = Atomics.compareExchange(this.words, word, this.me, 0);
    if (seen !== this.me) this.unlockSlow(word, seen);
  }

  isContended(word: WordIndex): boolean {
    // order: relaxed, no partner. A hint.
    return (Atomics.load(this.words, word) & (STARVING | CONTENDED)) !== 0;
  }

  private lockSlow(word: WordIndex, seen: number): void {
    const { agent, words, me } = this;
    if ((seen & OWNER) === me) throw selfDeadlock(NAME, word, me);
    const patience = patienceRounds(agent);
    let state = seen;
    let asked = 0;
    for (let round = 0; ; round++) {
      const starving = round >= patience;
      if ((state & OWNER) !== 0) {
        if (starving) asked = STARVING | CONTENDED;
        else if (round >= agent.spin.yieldAfter) asked = CONTENDED;
        if ((state & asked) !== asked) {
          // order: relaxed, no partner. A request; losing the race costs one round.
          Atomics.compareExchange(words, word, state, state | asked);
        }
      } else if (state === 0 || starving) {
        // order: acquire, pairs with unlock. As in lock.
        if (Atomics.compareExchange(words, word, state, me) === state) return;
      }
      waitRound(agent, round, NAME, word, asked);
      // order: relaxed, no partner. The CAS above decides; atomic because a plain read may be hoisted out of the loop.
      state = Atomics.load(words, word);
    }
  }

  private unlockSlow(word: WordIndex, seen: number): void {
    let state = seen;
    while ((state & OWNER) === this.me) {
      // order: release, pairs with lock. As in unlock; it fails only when a waiter changes its request meanwhile.
      const found = Atomics.compareExchange(this.words, word, state, state & STARVING);
      if (found === state) return;
      state = found;
    }
    throw notOwner(NAME, word, this.me, state & OWNER);
  }
}
