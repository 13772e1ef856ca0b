// A ticket lock whose waiters spin: with more agents than cores the lock is handed to agents that do not run.
//
// In kind: FIFO spinlocks in guests; Linux gives up the order of its queued spinlock under a hypervisor.

import { backOff } from '@zsmalloc/core/words';
import type { WordIndex } from '@zsmalloc/core/words';
import { parking } from './base/build.ts';
import { TicketMutex } from './base/ticket-mutex.ts';
import type { Caught } from './caught.ts';

class Spins extends TicketMutex {
  protected override wait(_word: WordIndex, _state: number, round: number): void {
    const spin = { ...this.agent.spin, yieldAfter: Infinity };
    backOff({ ...this.agent, spin }, round, 'ticket lock');
  }
}

export const spinningTickets = parking('spinningTickets', {
  mutex: Spins,
  capabilities: { fairness: 'fifo', parks: false },
});
export const caught: Caught = {
  check: 'torture-oversubscribed',
  rows: [5],
  words: /probably hand the lock to agents that do not run/,
};
