// All allocator patterns.

import { allocTest } from './alloc-test.ts';
import { cacheScratch, cacheThrash } from './cache-lines.ts';
import { larson } from './larson.ts';
import { mstress } from './mstress.ts';
import type { Pattern } from './pattern.ts';
import { xmallocTest } from './xmalloc-test.ts';

/** In the order of the report. */
export const PATTERNS: readonly Pattern[] = [larson, xmallocTest, allocTest, mstress, cacheScratch, cacheThrash];

export function findPattern(id: string): Pattern {
  const found = PATTERNS.find((pattern) => pattern.id === id);
  if (found === undefined) throw new Error(`there is no pattern "${id}".`);
  return found;
}
