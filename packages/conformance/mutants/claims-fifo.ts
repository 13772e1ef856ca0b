// Declares that waiters get in first come, first served, and lets newcomers pass those that sleep.
//
// In kind: barging; every lock whose fast path is a compare-exchange.

import { parking } from './base/build.ts';
import type { Caught } from './caught.ts';

export const claimsFifo = parking('claimsFifo', { capabilities: { fairness: 'fifo' } });
export const caught: Caught = {
  check: 'first-come-first-served',
  rows: [6],
  words: /an agent that came later got the class lock first/,
};
