// Spin mutex: one word, no queue, no parking.
//
// STATE                      bits 0-7 owner   bit 8 STARVING   bit 9 CONTENDED
//   free                       0                0                0
//   free, reserved             0                1                0
//   held by agent a            a                0 or 1           0 or 1
//   (0, -, 1) cannot occur: CONTENDED is set on held words only, and unlocking clears it.
//
//   0 -> a                     lock, tryLock
//   STARVING -> a              a waiter that is starving, or has spun; others that starve set the bit again
//   a -> a + bits              a waiter
//   bits -> fewer bits         a waiter that is about to yield, or gives up
//   a + bits -> STARVING or 0  unlock
//
// RULES
//   1. Everybody waits for the holder. Newcomers, whose CAS expects 0, leave a reserved lock alone for a bounded spin.
//   2. No queue: it would hand the lock to a descheduled waiter. For the same reason a reservation stands only while its
//      waiter spins: kept while it yields, it would leave the lock idle, and 8 agents on 2 cores a twentieth as fast.
//   3. A holder must not park, await, or run user code. It may be descheduled: waiters yield after a bounded spin.
//   4. Only the owner unlocks. Misuse is found in the value that the failing CAS returns, and leaves the word as it was.
//   5. Unlocking is a CAS. A plain store would order nothing in the memory model, and would drop STARVING.
//   6. The word names the holder, so its heir can unlock for it. An agent that dies while it waits leaves at most a
//      reservation, which lock gets over after its bounded spin and tryLock does not.
//
// Source: the test-and-set lock with a bounded spin and a timed yield of shared/reference/locks.md A.4.

import type { HeldByOne, LockKind, Mutex } from '@zsmalloc/core/strategy';
import type { Agent, AgentIndex, WordIndex, Words } from '@zsmalloc/core/words';
import { notOwner, selfDeadlock } from './misuse.ts';
import { patienceRounds, waitRound } from './waiting.ts';

const OWNER = 0xff;
const STARVING = 1 << 8;
const CONTENDED = 1 << 9;
/** One look to reserve the lock, one to take it. */
const RESERVED_SPINS_MIN = 2;
const NAME = 'spin mutex';

/** Spin mutex in one word. Lock and unlock cost one Atomics call each when nobody else wants it. */
export const spinMutex: LockKind<Mutex> = {
  words: 1,
  bind: (agent) => new BoundSpinMutex(agent),
};

class BoundSpinMutex implements Mutex, HeldByOne {
  readonly recovery: HeldByOne = this;
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
    if (seen !== this.me && !this.unlockSlow(word, this.me, seen)) throw notOwner(NAME, word, this.me, seen & OWNER);
  }

  holderOf(word: WordIndex): AgentIndex {
    // order: acquire, pairs with unlock. Of a dead holder: its certificate orders what it wrote.
    return Atomics.load(this.words, word) & OWNER;
  }

  releaseFor(word: WordIndex, dead: AgentIndex): void {
    // order: relaxed. unlockSlow compares it again.
    this.unlockSlow(word, dead, Atomics.load(this.words, word));
  }

  isContended(word: WordIndex): boolean {
    // order: relaxed, no partner. A hint.
    return (Atomics.load(this.words, word) & (STARVING | CONTENDED)) !== 0;
  }

  private lockSlow(word: WordIndex, seen: number): void {
    const { agent, words, me } = this;
    if ((seen & OWNER) === me) throw selfDeadlock(NAME, word, me);
    const { yieldAfter } = agent.spin;
    const patience = patienceRounds(agent);
    let state = seen;
    let asked = 0;
    for (let round = 0; ; round++) {
      if ((state & OWNER) === 0) {
        if (state === 0 || round >= yieldAfter) {
          // order: acquire, pairs with unlock. As in lock.
          if (Atomics.compareExchange(words, word, state, me) === state) return;
        }
      } else if (round >= yieldAfter && (state & CONTENDED) === 0) {
        asked = CONTENDED;
        // order: relaxed, no partner. A request; losing the race costs one round.
        Atomics.compareExchange(words, word, state, state | CONTENDED);
      }
      if (agent.mayBlock && round >= patience && this.lockReserved(word)) return;
      waitRound(agent, round, NAME, word, asked);
      // order: relaxed, no partner. The CAS above decides; atomic because a plain read may be hoisted out of the loop.
      state = Atomics.load(words, word);
    }
  }

  /** Spins once more with the lock reserved: a waiter that yields looks so rarely that newcomers win every race. */
  private lockReserved(word: WordIndex): boolean {
    const { agent, words, me } = this;
    for (let spins = Math.max(RESERVED_SPINS_MIN, agent.spin.yieldAfter); spins > 0; spins--) {
      // order: relaxed, no partner. The CAS below decides.
      const state = Atomics.load(words, word);
      if ((state & OWNER) === 0) {
        // order: acquire, pairs with unlock. As in lock.
        if (Atomics.compareExchange(words, word, state, me) === state) return true;
      } else if ((state & STARVING) === 0) {
        // order: relaxed, no partner. A request; losing the race costs one spin.
        Atomics.compareExchange(words, word, state, state | STARVING);
      }
    }
    // order: relaxed, no partner. Nobody is to wait for us while we yield.
    Atomics.and(words, word, ~STARVING);
    return false;
  }

  /** False when `owner` does not hold the lock. */
  private unlockSlow(word: WordIndex, owner: AgentIndex, seen: number): boolean {
    let state = seen;
    while ((state & OWNER) === owner) {
      // order: release, pairs with lock. As in unlock; it fails only when a waiter changes its request meanwhile.
      const found = Atomics.compareExchange(this.words, word, state, state & STARVING);
      if (found === state) return true;
      state = found;
    }
    return false;
  }
}
