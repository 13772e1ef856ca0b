// The errors of lockdep. Built only when something is wrong. Each names two places: where the earlier acquisition was made
// and where the call is that does not fit it.

import { ZsmallocError } from '@zsmalloc/core/words';
import type { ErrorCode, ErrorFacts } from '@zsmalloc/core/words';
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

/**
 * Makes a report.
 *
 * @param problem What could not be done, why, and what to do.
 */
export function report(
  code: ErrorCode,
  problem: string,
  lines: readonly Line[],
  facts: ErrorFacts = {},
): ZsmallocError {
  const places = lines.map(({ what, where }) => `\n    ${what}: ${where}`).join('');
  return new ZsmallocError(code, `${problem}${places}\n `, facts);
}
