// A ticket lock as in the textbook, and a counter of readers. It excludes, and yet it will not do: see what the kit says.
import { lockBased } from '@zsmalloc/core/strategy';

/** Word 0: the next ticket. Word 1: the ticket that is served. */
class TicketMutex {
  constructor(agent) {
    this.words = agent.words;
  }

  lock(word) {
    const mine = Atomics.add(this.words, word, 1);
    while (Atomics.load(this.words, word + 1) !== mine);
  }

  tryLock(word) {
    const next = Atomics.load(this.words, word);
    return (
      Atomics.load(this.words, word + 1) === next && Atomics.compareExchange(this.words, word, next, next + 1) === next
    );
  }

  unlock(word) {
    Atomics.add(this.words, word + 1, 1);
  }

  isContended(word) {
    return ((Atomics.load(this.words, word) - Atomics.load(this.words, word + 1)) | 0) > 1;
  }
}

const WRITER = 1 << 29;

/** One word: how many read, or WRITER. */
class ReaderCount {
  constructor(agent) {
    this.words = agent.words;
  }

  readLock(word) {
    while (!this.tryReadLock(word));
  }

  tryReadLock(word) {
    const readers = Atomics.load(this.words, word);
    return readers !== WRITER && Atomics.compareExchange(this.words, word, readers, readers + 1) === readers;
  }

  readUnlock(word) {
    Atomics.sub(this.words, word, 1);
  }

  tryWriteLock(word) {
    return Atomics.compareExchange(this.words, word, 0, WRITER) === 0;
  }

  writeUnlock(word) {
    Atomics.store(this.words, word, 0);
  }
}

export const ticket = lockBased({
  id: 'ticket',
  version: 1,
  capabilities: {
    holdAcrossAwait: true,
    parks: false,
    worksWithoutBlocking: true,
    freeDuringRead: false,
    concurrentReads: true,
    relocatesBesideReaders: false,
    fairness: 'fifo',
    robust: false,
  },
  structure: { words: 2, bind: (agent) => new TicketMutex(agent) },
  zspage: { words: 1, bind: (agent) => new ReaderCount(agent) },
});
