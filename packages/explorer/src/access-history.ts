// Which earlier events the next one depends on, directly: the last write and the reads since, per word and per queue.

import { ACCESS_NONE, ACCESS_WRITE, type Event } from './event.ts';

class Accesses {
  execution = 0;
  lastWrite = -1;
  readonly readsSince: number[] = [];
}

export class AccessHistory {
  readonly #words: Accesses[];
  readonly #queues: Accesses[];
  readonly #visible = new Accesses();
  #execution = 0;

  constructor(wordCount: number) {
    this.#words = new Array<Accesses>(wordCount);
    this.#queues = new Array<Accesses>(wordCount);
  }

  beginExecution(): void {
    this.#execution++;
  }

  /** Indices of the events that `event`, the `index`-th, conflicts with, latest first; then remembers it. */
  record(event: Event, index: number): number[] {
    const conflicts: number[] = [];
    if (event.access !== ACCESS_NONE) {
      for (let i = 0; i < event.wordCount; i++) {
        this.#visit(this.#words, event.word + i, event.access === ACCESS_WRITE, index, conflicts);
      }
    }
    if (event.queue) this.#visit(this.#queues, event.word, true, index, conflicts);
    if (event.visible) this.#update(this.#visible, true, index, conflicts);
    return conflicts.length > 1 ? conflicts.sort((a, b) => b - a) : conflicts;
  }

  #visit(table: Accesses[], word: number, writes: boolean, index: number, conflicts: number[]): void {
    this.#update((table[word] ??= new Accesses()), writes, index, conflicts);
  }

  #update(accesses: Accesses, writes: boolean, index: number, conflicts: number[]): void {
    if (accesses.execution !== this.#execution) {
      accesses.execution = this.#execution;
      accesses.lastWrite = -1;
      accesses.readsSince.length = 0;
    }
    if (accesses.lastWrite >= 0) conflicts.push(accesses.lastWrite);
    if (writes) {
      for (const read of accesses.readsSince) conflicts.push(read);
      accesses.lastWrite = index;
      accesses.readsSince.length = 0;
    } else {
      accesses.readsSince.push(index);
    }
  }
}
