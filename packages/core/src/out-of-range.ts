// A read, a write or an object that does not fit.

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

export function badSize(sizeBytes: unknown, sizeBytesMax: number): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_BAD_SIZE',
    `cannot allocate ${String(sizeBytes)} bytes: a size is an integer from 1 to ${sizeBytesMax}, the page size. Split the data, or create the pool with larger pages.`,
    { sizeBytes: Number(sizeBytes), sizeBytesMax },
  );
}
