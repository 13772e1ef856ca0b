// A pool under lockdep, and the calls of its strategy that a pool itself would not make.

import { createPool } from '@zsmalloc/core';
import type { Pool } from '@zsmalloc/core';
import type { BoundStrategy, Strategy } from '@zsmalloc/core/strategy';
import type { ZsmallocError } from '@zsmalloc/core/words';
import { expect } from 'vitest';
import { withLockdep } from '../src/index.ts';
import type { LockdepOptions } from '../src/index.ts';

/** A small pool under lockdep, whose reports name each call. */
export function checkedPool(strategy: Strategy, options: LockdepOptions = { stacks: 'all' }): Pool {
  return createPool({ bytes: 2 ** 20, strategy: withLockdep(strategy, options), agents: 4 });
}

/** The pool's side of its decorated strategy. */
export function boundOf(pool: Pool): BoundStrategy {
  return (pool as Pool & { readonly bound: BoundStrategy }).bound;
}

/** The error that a call throws. */
export function thrownBy(call: () => unknown): ZsmallocError {
  try {
    call();
  } catch (error) {
    return error as ZsmallocError;
  }
  throw new Error('the call has thrown nothing');
}

/** Checks code, and that both places are named, in this order, as functions of the test. */
export function expectReport(error: ZsmallocError, code: string, ...parts: string[]): void {
  expect(error.code).toBe(code);
  let from = 0;
  for (const part of parts) {
    const at = error.message.indexOf(part, from);
    expect(at, `"${part}" behind character ${from} of:\n${error.message}`).toBeGreaterThanOrEqual(from);
    from = at + part.length;
  }
}

export const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
