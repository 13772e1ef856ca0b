// Every error of the project: one class, one code each, the facts as plain data.
//
// RULES
//   1. A message says what could not be done, why with numbers, and what to do; its last token is the code, because
//      structuredClone keeps an error's message and loses its class, its code and its fields.
//   2. Test `error.code`, never `instanceof`: two copies of this package may be loaded.
//   3. Whatever throws has changed nothing.

/** Codes of every error that core, the lock packages and lockdep throw. */
export type ErrorCode =
  | 'ERR_ZS_OPTION'
  | 'ERR_ZS_BAD_SIZE'
  | 'ERR_ZS_BAD_HANDLE'
  | 'ERR_ZS_BAD_TOKEN'
  | 'ERR_ZS_BAD_PAGE'
  | 'ERR_ZS_OUT_OF_RANGE'
  | 'ERR_ZS_NO_MEMORY'
  | 'ERR_ZS_WOULD_BLOCK'
  | 'ERR_ZS_HOLD_UNSUPPORTED'
  | 'ERR_ZS_ATTACH_DESCRIPTOR'
  | 'ERR_ZS_ATTACH_FORMAT'
  | 'ERR_ZS_ATTACH_LAYOUT'
  | 'ERR_ZS_ATTACH_STRATEGY'
  | 'ERR_ZS_AGENTS_FULL'
  | 'ERR_ZS_DETACHED'
  | 'ERR_ZS_IN_USE'
  | 'ERR_ZS_LOCK_MISUSE'
  | 'ERR_ZS_LOCK_TIMEOUT'
  | 'ERR_ZS_CORRUPT'
  | LockdepCode;

/** Codes of what lockdep finds. */
export type LockdepCode =
  | 'ERR_ZS_LOCKDEP_ORDER'
  | 'ERR_ZS_LOCKDEP_RECURSION'
  | 'ERR_ZS_LOCKDEP_SLEEP'
  | 'ERR_ZS_LOCKDEP_TURN'
  | 'ERR_ZS_LOCKDEP_UNLOCK'
  | 'ERR_ZS_LOCKDEP_UNHELD'
  | 'ERR_ZS_LOCKDEP_LEAK';

/** Numbers and names behind an error, safe to send to another agent. */
export type ErrorFacts = Readonly<Record<string, number | string | boolean>>;

/** The one error class of the project. `code` says what happened; `facts` has the numbers of the message. */
export class ZsmallocError extends Error {
  override readonly name = 'ZsmallocError';
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(`${message} [${code}]`);
    this.code = code;
    this.facts = facts;
  }
}

/** True for an error of this project with the given code, whichever copy of the package threw it. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === code;
}
