// What ends a measurement: a check that failed, or a reason not to make it.

/** Thrown when contents or counts are not what they must be: no number of the run may be trusted. */
export class CheckError extends Error {
  override name = 'CheckError';
}

/** Thrown by a scenario that cannot run here; the message says why, and the report lists it as skipped. */
export class SkipError extends Error {
  override name = 'SkipError';
}

/** Throws a CheckError unless `condition` holds. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new CheckError(message);
}
