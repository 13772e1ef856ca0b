// A waiter that must not block gives up, and leaves its ticket: when that is served, nobody comes, and nobody gets in behind.
//
// In kind: queue locks with a try-with-timeout bolted on; MCS locks need a protocol of their own for it.

import { backOff } from '@zsmalloc/core/words';
import type { WordIndex } from '@zsmalloc/core/words';
import { parking } from './base/build.ts';
import { TicketMutex } from './base/ticket-mutex.ts';
import type { Caught } from './caught.ts';

class LeavesTicket extends TicketMutex {
  override lock(word: WordIndex): void {
    this.queue(word);
  }

  protected override wait(word: WordIndex, state: number, round: number): void {
    if (this.agent.mayBlock) super.wait(word, state, round);
    else backOff(this.agent, round, 'ticket lock');
  }
}

export const abandonedTicket = parking('abandonedTicket', { mutex: LeavesTicket, capabilities: { fairness: 'fifo' } });
export const caught: Caught = {
  check: 'refusals-counted',
  rows: [11],
  words: /lock by an agent that gave up before: lock of class lock 0 after an agent gave up waited/,
};
