// Errors of locks that are used wrongly.

import { ZsmallocError } from '@zsmalloc/core/words';
import type { AgentIndex, WordIndex } from '@zsmalloc/core/words';

/** The caller ends, or takes again, what its state does not allow. */
export function misused(what: string, word: WordIndex, agent: AgentIndex): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_LOCK_MISUSE',
    `cannot ${what} at word ${word} for agent ${agent}. Pair each lock with one unlock by the same agent.`,
    { word, agent },
  );
}
