// The report of a run: its schema, and how rows follow from checks.

import type { Capabilities } from '@zsmalloc/core/strategy';
import { z } from 'zod';
import type { CheckKind } from './check.ts';
import { INVARIANTS } from './invariants.ts';
import type { InvariantNumber } from './invariants.ts';

/** A number of what was run, by name. */
type Numbers = Record<string, number>;

/** One thing that is wrong. */
export interface ReportDefect {
  readonly message: string;
  readonly detail?: string;
  readonly schedule?: string;
  /** Rows that it breaks. */
  readonly rows: InvariantNumber[];
  /** Command line that shows it again. */
  readonly replay: string;
}

/** What one check has found. */
export interface CheckResult {
  readonly id: string;
  readonly title: string;
  readonly kind: CheckKind;
  readonly rows: InvariantNumber[];
  /** What has been shown: proved, bounded, sampled, ...; 'failed', 'hung' or 'not run'. */
  readonly verdict: string;
  readonly counts: Numbers;
  readonly histograms: { readonly title: string; readonly buckets: Numbers }[];
  readonly elapsedMs: number;
  readonly defect?: ReportDefect;
}

/** One invariant. */
export interface ReportRow {
  readonly number: InvariantNumber;
  readonly id: string;
  readonly title: string;
  readonly status: 'passed' | 'failed' | 'does not apply' | 'not run';
  /** Why it does not apply, or was not run. */
  readonly reason?: string;
  /** Ids of the checks that belong to it. */
  readonly checks: string[];
  readonly counts: Numbers;
}

/** All of a run. */
export interface Report {
  readonly format: 1;
  readonly strategy: {
    readonly module: string;
    readonly export: string;
    readonly id: string;
    readonly version: number;
    readonly capabilities: Record<string, boolean | string>;
  };
  readonly environment: { readonly node: string; readonly platform: string; readonly cores: number };
  readonly seed: number;
  /** Time that the checks were given, and what they took, in ms. */
  readonly budgetMs: number;
  readonly elapsedMs: number;
  /** 'incomplete' when no row failed, and one that applies and was asked for could not be run. */
  readonly verdict: 'passed' | 'failed' | 'incomplete';
  readonly rows: ReportRow[];
  readonly checks: CheckResult[];
}

const numbers = z.record(z.string(), z.number().nonnegative());
const rowNumbers = z.array(z.int().min(1).max(INVARIANTS.length)).min(1);

const defectSchema = z.strictObject({
  message: z.string().min(1),
  detail: z.string().exactOptional(),
  schedule: z.string().exactOptional(),
  rows: rowNumbers,
  replay: z.string(),
});

const checkSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  kind: z.enum(['explorer', 'unit', 'torture', 'killer']),
  rows: rowNumbers,
  verdict: z.string(),
  counts: numbers,
  histograms: z.array(z.strictObject({ title: z.string(), buckets: numbers })),
  elapsedMs: z.number().nonnegative(),
  defect: defectSchema.exactOptional(),
});

const rowSchema = z.strictObject({
  number: z.int().min(1).max(INVARIANTS.length),
  id: z.string(),
  title: z.string(),
  status: z.enum(['passed', 'failed', 'does not apply', 'not run']),
  reason: z.string().exactOptional(),
  checks: z.array(z.string()),
  counts: numbers,
});

/** Schema of the JSON report. */
export const reportSchema: z.ZodType<Report> = z.strictObject({
  format: z.literal(1),
  strategy: z.strictObject({
    module: z.string(),
    export: z.string(),
    id: z.string(),
    version: z.number(),
    capabilities: z.record(z.string(), z.union([z.boolean(), z.string()])),
  }),
  environment: z.strictObject({ node: z.string(), platform: z.string(), cores: z.int().positive() }),
  seed: z.int(),
  budgetMs: z.number().positive(),
  elapsedMs: z.number().nonnegative(),
  verdict: z.enum(['passed', 'failed', 'incomplete']),
  rows: z.array(rowSchema).length(INVARIANTS.length),
  checks: z.array(checkSchema),
});

/** Reason of rows that the options left out. */
export const NOT_ASKED_FOR = 'not asked for';

/** Rows from what the checks have found. */
export function rowsOf(
  capabilities: Capabilities,
  results: readonly CheckResult[],
  wanted?: readonly InvariantNumber[],
): ReportRow[] {
  return INVARIANTS.map(({ number, id, title, doesNotApply }) => {
    const reason = doesNotApply(capabilities);
    const base = { number, id, title, checks: [], counts: {} };
    if (reason !== undefined) return { ...base, status: 'does not apply', reason };
    const blamed = results.some((result) => result.defect?.rows.includes(number));
    // A check may break another row than those that it was run for.
    if (wanted !== undefined && !wanted.includes(number) && !blamed) {
      return { ...base, status: 'not run', reason: NOT_ASKED_FOR };
    }
    const own = results.filter((result) => result.rows.includes(number) || result.defect?.rows.includes(number));
    const ran = own.some((result) => result.defect === undefined && result.verdict !== 'not run');
    return {
      ...base,
      checks: own.map((result) => result.id),
      counts: sumCounts(own),
      status: blamed ? 'failed' : ran ? 'passed' : 'not run',
      ...(blamed || ran ? {} : { reason: 'no check of this row came to its end' }),
    };
  });
}

function sumCounts(results: readonly CheckResult[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const { counts: found } of results) {
    for (const [key, count] of Object.entries(found)) total[key] = (total[key] ?? 0) + count;
  }
  return total;
}

/** What the rows come to. */
export function verdictOf(rows: readonly ReportRow[]): Report['verdict'] {
  if (rows.some((row) => row.status === 'failed')) return 'failed';
  return rows.some((row) => row.status === 'not run' && row.reason !== NOT_ASKED_FOR) ? 'incomplete' : 'passed';
}
