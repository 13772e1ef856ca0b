// Errors for RCU that is used wrongly. Built only on the bad path.

import { ZsmallocError } from '@zsmalloc/core/words';
import type { AgentIndex, WordIndex } from '@zsmalloc/core/words';

/** A section is ended that was not begun. */
export function notPinned(agent: AgentIndex): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_LOCK_MISUSE',
    `cannot unpin agent ${agent}: it is in no read section. Pair each unpin with one pin of the same agent.`,
    { agent },
  );
}

/** A grace period is waited for inside a read section, which the grace period waits for. */
export function waitsInSection(agent: AgentIndex, nest: number): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_LOCK_MISUSE',
    `cannot wait for a grace period on agent ${agent}: ${nest} of its own read sections are open and the grace period would wait for them. End the reads first, or poll a cookie later.`,
    { agent, nest },
  );
}

/** What is retired already is retired again. */
export function retiredTwice(cell: WordIndex, value: number): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_LOCK_MISUSE',
    `cannot retire the object of the cell at word ${cell}: the cell names no object (its value is ${value}). Retire each object once, under its class lock.`,
    { cell, value },
  );
}
