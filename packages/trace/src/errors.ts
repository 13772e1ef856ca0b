// Errors of traces, in the manner of core's: a code, the facts as plain data, and the code as the message's last token.

import type { ErrorFacts } from '@zsmalloc/core/words';

/** What can be wrong with a trace, or with the parts that it is made of. */
export type TraceErrorCode =
  | 'ERR_ZS_TRACE_FORMAT'
  | 'ERR_ZS_TRACE_VERSION'
  | 'ERR_ZS_TRACE_TRUNCATED'
  | 'ERR_ZS_TRACE_CHECKSUM'
  | 'ERR_ZS_TRACE_CORRUPT'
  | 'ERR_ZS_TRACE_PARTS'
  | 'ERR_ZS_TRACE_ENDED';

/** `code` says what happened; `facts` has the numbers of the message. Test the code, not the class. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
  readonly code: TraceErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: TraceErrorCode, message: string, facts: ErrorFacts = {}) {
    super(`${message} [${code}]`);
    this.code = code;
    this.facts = facts;
  }
}
