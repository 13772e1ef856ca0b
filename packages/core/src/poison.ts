// A poisoned pool: an agent died, and what it left cannot be repaired. Every call of every agent throws the same error.

import { ZsmallocError } from './errors.ts';

/** What every call of a poisoned pool throws. */
export function poisonedError(): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_POISONED',
    'cannot use the pool: an agent died inside it, and what it left could not be repaired. Create a new pool; the report of the recovery says what was wrong.',
  );
}
