// A ticket lock whose waiters sleep, and a counter of readers.
import { lockBased } from '@zsmalloc/core/strategy';
import { ZsmallocError, backOff } from '@zsmalloc/core/words';

const OWNER = 2;

/** Word 0: the next ticket. Word 1: the ticket that is served. Word 2: the agent that is inside, or 0. */
class TicketMutex {
  constructor(agent) {
    this.agent = agent;
    this.words = agent.words;
  }

  lock(word) {
    const { agent, words } = this;
    // Only this agent writes its own number here.
    if (Atomics.load(words, word + OWNER) === agent.index) throw misuse('lock again what it holds', agent, word);
    if (agent.mayBlock) {
      const mine = Atomics.add(words, word, 1);
      for (;;) {
        const served = Atomics.load(words, word + 1);
        if (served === mine) break;
        // Returns at once when another ticket is served by now.
        Atomics.wait(words, word + 1, served);
      }
      Atomics.store(words, word + OWNER, agent.index);
    } else {
      // It may have to give up, and nobody would serve the tickets behind one that is left: so it draws none.
      for (let round = 0; !this.tryLock(word); round++) backOff(agent, round, 'ticket lock');
    }
  }

  tryLock(word) {
    const { agent, words } = this;
    const next = Atomics.load(words, word);
    if (Atomics.load(words, word + 1) !== next) return false;
    if (Atomics.compareExchange(words, word, next, next + 1) !== next) return false;
    Atomics.store(words, word + OWNER, agent.index);
    return true;
  }

  unlock(word) {
    const { agent, words } = this;
    // Who is not inside finds another number than its own: it changes nothing.
    if (Atomics.compareExchange(words, word + OWNER, agent.index, 0) !== agent.index) {
      throw misuse('unlock what it does not hold', agent, word);
    }
    Atomics.add(words, word + 1, 1);
    // All of them: which one has the ticket that is served now, they know themselves.
    Atomics.notify(words, word + 1);
  }

  isContended(word) {
    return ((Atomics.load(this.words, word) - Atomics.load(this.words, word + 1)) | 0) > 1;
  }
}

const WRITER = 0xff;
const READER = 0x100;

/** One word: bits 0-7 the agent that moves objects, or 0; from bit 8 how many read. */
class ReaderCount {
  constructor(agent) {
    this.agent = agent;
    this.words = agent.words;
  }

  readLock(word) {
    for (let round = 0; !this.tryReadLock(word); round++) {
      // Another reader may have come in between: that is no reason to wait.
      if ((Atomics.load(this.words, word) & WRITER) !== 0) backOff(this.agent, round, 'reader count');
    }
  }

  tryReadLock(word) {
    const state = Atomics.load(this.words, word);
    return (state & WRITER) === 0 && Atomics.compareExchange(this.words, word, state, state + READER) === state;
  }

  readUnlock(word) {
    if (Atomics.sub(this.words, word, READER) >= READER) return;
    Atomics.add(this.words, word, READER);
    throw misuse('end a read that nobody has begun', this.agent, word);
  }

  tryWriteLock(word) {
    return Atomics.compareExchange(this.words, word, 0, this.agent.index) === 0;
  }

  writeUnlock(word) {
    const { agent, words } = this;
    if (Atomics.compareExchange(words, word, agent.index, 0) === agent.index) return;
    throw misuse('end a move that it has not begun', agent, word);
  }
}

function misuse(what, { index }, word) {
  const text = `agent ${index} cannot ${what}, at word ${word}. Pair each lock with one unlock by the same agent.`;
  return new ZsmallocError('ERR_ZS_LOCK_MISUSE', text, { agent: index, word });
}

export const ticket = lockBased({
  id: 'ticket',
  version: 1,
  capabilities: {
    holdAcrossAwait: true,
    parks: true,
    worksWithoutBlocking: true,
    freeDuringRead: false,
    concurrentReads: true,
    relocatesBesideReaders: false,
    fairness: 'fifo',
    robust: false,
  },
  structure: { words: 3, bind: (agent) => new TicketMutex(agent) },
  zspage: { words: 1, bind: (agent) => new ReaderCount(agent) },
});
