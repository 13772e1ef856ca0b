// Errors of the kit itself; what it finds wrong with a strategy is in the report.

export type ConformanceErrorCode =
  | 'ERR_CONFORMANCE_MODULE'
  | 'ERR_CONFORMANCE_EXPORT'
  | 'ERR_CONFORMANCE_OPTION'
  | 'ERR_CONFORMANCE_CHILD';

/** The kit could not do what it was asked. */
export class ConformanceError extends Error {
  override readonly name = 'ConformanceError';
  readonly code: ConformanceErrorCode;

  constructor(code: ConformanceErrorCode, message: string) {
    super(`${message} [${code}]`);
    this.code = code;
  }
}
