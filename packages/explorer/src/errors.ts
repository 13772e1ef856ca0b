/** Why the explorer refused to go on; test `error.code`, not `instanceof`. */
export type ExplorerErrorCode =
  | 'ERR_EXPLORER_BUSY'
  | 'ERR_EXPLORER_NESTED'
  | 'ERR_EXPLORER_NONDETERMINISTIC'
  | 'ERR_EXPLORER_NOT_ASYNC'
  | 'ERR_EXPLORER_NOT_PROVED'
  | 'ERR_EXPLORER_OPTION'
  | 'ERR_EXPLORER_SCHEDULE'
  | 'ERR_EXPLORER_SWALLOWED'
  | 'ERR_EXPLORER_UNSUPPORTED';

/** A misuse of the explorer, or (ERR_EXPLORER_NOT_PROVED) a result that was required to be a proof and is not. */
export class ExplorerError extends Error {
  readonly code: ExplorerErrorCode;

  constructor(code: ExplorerErrorCode, message: string) {
    super(`${message} [${code}]`);
    this.name = 'ExplorerError';
    this.code = code;
  }
}
