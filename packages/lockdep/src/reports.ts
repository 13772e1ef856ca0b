// The errors of lockdep. Built only when something is wrong. Each names two places: where the earlier acquisition was made
// and where the call is that does not fit it.

import { ZsmallocError } from '@zsmalloc/core/words';
import type { ErrorFacts, LockdepCode, WordIndex, Words } from '@zsmalloc/core/words';
import { capture, describePlace } from './places.ts';
import type { Operation } from './operations.ts';

/** One line of a report: what happened, and where. */
export interface Line {
  readonly what: string;
  readonly where: string;
}

/** The place of the call that is being made. */
export function here(operation: Operation): string {
  return describePlace({ operation, stack: capture(), exact: true });
}

/** Makes the errors of one agent, and counts those of all agents of a pool. */
export class Reports {
  private readonly words: Words;
  private readonly countWord: WordIndex;

  constructor(words: Words, countWord: WordIndex) {
    this.words = words;
    this.countWord = countWord;
  }

  /** Errors that agents of the pool have made, also those that somebody has caught. */
  get count(): number {
    // order: relaxed, no partner. Whoever asks has waited for the agents by other means.
    return Atomics.load(this.words, this.countWord);
  }

  /** @param problem What could not be done, why, and what to do. */
  make(code: LockdepCode, problem: string, lines: readonly Line[], facts: ErrorFacts): ZsmallocError {
    // order: relaxed, no partner. A number. Before the error: an agent that a model checker unwinds gets no further.
    Atomics.add(this.words, this.countWord, 1);
    const places = lines.map(({ what, where }) => `\n    ${what}: ${where}`).join('');
    return new ZsmallocError(code, `${problem}${places}\n `, facts);
  }
}
