// Errors for locks that are used wrongly. Built only on the bad path: the good path compares one number.

import { ZsmallocError } from '@zsmalloc/core/words';
import type { AgentIndex, WordIndex } from '@zsmalloc/core/words';

/** The caller asks for what it holds already, and would wait for itself. */
export function selfDeadlock(name: string, word: WordIndex, agent: AgentIndex): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_LOCK_MISUSE',
    `cannot lock the ${name} at word ${word}: agent ${agent} holds it already and would wait for itself. Unlock it first.`,
    { word, agent },
  );
}

/** The caller unlocks what another agent, or nobody, has locked. `owner` is 0 for nobody. */
export function notOwner(name: string, word: WordIndex, agent: AgentIndex, owner: AgentIndex): ZsmallocError {
  const holder = owner === 0 ? 'nobody holds it' : `agent ${owner} holds it`;
  return new ZsmallocError(
    'ERR_ZS_LOCK_MISUSE',
    `cannot unlock the ${name} at word ${word} for agent ${agent}: ${holder}. Pair each unlock with one lock by the same agent.`,
    { word, agent, owner },
  );
}

/** The caller ends a read although nobody reads. */
export function noReader(name: string, word: WordIndex, agent: AgentIndex): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_LOCK_MISUSE',
    `cannot end a read of the ${name} at word ${word} for agent ${agent}: nobody reads. Pair each readUnlock with one readLock.`,
    { word, agent },
  );
}

/** The reader count is full, which only reads that are never ended can do. */
export function tooManyReaders(name: string, word: WordIndex, readersMax: number): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_LOCK_MISUSE',
    `cannot read the ${name} at word ${word}: ${readersMax} reads are open, the most that fit. End reads that are done.`,
    { word, readersMax },
  );
}
