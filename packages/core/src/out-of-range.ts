// A read or a write that does not fit.

import { ZsmallocError } from './errors.ts';

export function outOfRange(verb: string, at: number, length: number, limit: number, advice: string): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_OUT_OF_RANGE',
    `cannot ${verb} ${length} bytes at offset ${String(at)}: only ${limit} bytes are there. ${advice}`,
    {
      offset: Number(at),
      length,
      limit,
    },
  );
}
