// A check that failed: the allocator or the bench is wrong, and no number of the run may be trusted.

/** Thrown when contents or counts are not what they must be. */
export class CheckError extends Error {
  override name = 'CheckError';
}

/** Throws a CheckError unless `condition` holds. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new CheckError(message);
}
