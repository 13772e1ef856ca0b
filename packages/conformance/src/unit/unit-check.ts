// Checks that need one thread: calls are counted, and nothing waits.

import type { Capabilities, Strategy } from '@zsmalloc/core/strategy';
import type { Check, Finding } from '../check.ts';
import { Violation } from '../host/small-host.ts';
import type { InvariantNumber } from '../invariants.ts';
import { SmallPool } from './small-pool.ts';

/** One case: throws what is wrong. */
export interface UnitCase {
  readonly what: string;
  run(pool: SmallPool, strategy: Strategy): void;
}

export interface UnitCheck {
  readonly id: string;
  readonly title: string;
  readonly rows: readonly InvariantNumber[];
  readonly fits?: (capabilities: Capabilities) => boolean;
  readonly cases: readonly UnitCase[];
}

/** Runs each case on a pool of its own. */
export function unitCheck({ id, title, rows, fits, cases }: UnitCheck): Check {
  return {
    id,
    title,
    kind: 'unit',
    rows,
    weight: 0.1,
    ...(fits === undefined ? {} : { fits }),
    run: ({ subject }): Finding => {
      let calls = 0;
      for (const { what, run } of cases) {
        const pool = new SmallPool(subject.strategy);
        try {
          run(pool, subject.strategy);
        } catch (error) {
          const { message, stack } = error as Error;
          const detail = error instanceof Violation || stack === undefined ? {} : { detail: stack };
          return { verdict: 'failed', counts: { calls }, defect: { message: `${what}: ${message}`, ...detail } };
        }
        calls += pool.calls;
      }
      return { verdict: 'checked', counts: { calls } };
    },
  };
}
