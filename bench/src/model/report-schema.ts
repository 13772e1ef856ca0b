// The zod schema of a report. Strict: a field too many is as wrong as one too few. `z.toJSONSchema(reportSchema)` gives
// it to other languages.

import { z } from 'zod';
import { REPORT_FORMAT, REPORT_VERSION } from './report.ts';
import type { Report } from './report.ts';

const count = z.int().nonnegative();
const amount = z.number().nonnegative();
const id = z.string().min(1);
const parameters = z.record(id, z.union([z.number(), z.string()]));

const histogram = z
  .strictObject({ unit: id, floors: z.array(z.number()), counts: z.array(count), min: z.number(), max: z.number() })
  .refine(({ floors, counts }) => floors.length === counts.length, { message: 'floors and counts must pair up' });

const cell = z.strictObject({
  scenario: id,
  subject: id,
  parameters,
  round: count,
  metrics: z.record(id, z.number().nullable()),
  histograms: z.record(id, histogram),
  verified: z.strictObject({ objects: count, bytes: count, pools: count }),
});

const scenario = z.strictObject({
  id,
  title: id,
  question: z.enum(['Q1', 'Q2', 'Q3', 'Q4', 'Q5']).nullable(),
  description: id,
  metrics: z
    .array(
      z.strictObject({
        id,
        label: id,
        unit: z.string(),
        better: z.enum(['higher', 'lower', 'neither']),
        exact: z.exactOptional(z.boolean()),
      }),
    )
    .min(1),
  parameters: z.array(z.strictObject({ id, label: id, values: z.array(z.union([z.number(), z.string()])).min(1) })),
  baseline: id.nullable(),
  limits: z.array(z.string()),
});

const estimate = z.strictObject({
  median: z.number(),
  low: z.number(),
  high: z.number(),
  confidence: z.number().min(0).max(1),
  count: z.int().positive(),
});

const comparison = z.strictObject({
  ratio: estimate,
  p: z.number().min(0).max(1),
  delta: z.number().min(-1).max(1),
  significant: z.boolean(),
});

const row = z
  .strictObject({
    scenario: id,
    subject: id,
    parameters,
    metric: id,
    value: estimate,
    comparison: comparison.nullable(),
    rounds: z.array(z.number()).min(1),
  })
  .refine(({ value, rounds }) => value.count === rounds.length, { message: 'count must be the number of rounds' });

const goal = z.strictObject({
  goal: id,
  text: id,
  parameters,
  subject: id,
  against: id.nullable(),
  limit: z.number(),
  bound: z.enum(['atMost', 'atLeast']),
  ratio: estimate.nullable(),
  verdict: z.enum(['met', 'missed', 'open', 'not measured']),
  why: z.string().nullable(),
});

const environment = z.strictObject({
  cpu: z.string(),
  cores: count,
  memoryGiB: amount,
  loadAverage: amount,
  loadAverageAfter: amount,
  busyShare: z.number().min(0).max(1),
  busyShareDuring: z.exactOptional(z.number().min(0).max(1).nullable()),
  waitedSeconds: amount,
  os: z.string(),
  virtualization: z.string().nullable(),
  governor: z.string().nullable(),
  node: z.string(),
  v8: z.string(),
  flags: z.array(z.string()),
  commit: z.string().nullable(),
  date: z.iso.datetime(),
  command: z.string(),
  limits: z.array(z.string()),
});

const answer = z.strictObject({
  headline: z.exactOptional(id),
  scenario: id,
  text: id,
  verdict: z.enum(['proved', 'open']),
  caveats: z.array(z.string()),
});

const checks = z.strictObject({
  passed: z.boolean(),
  failures: z.array(z.string()),
  cells: count,
  objects: count,
  bytes: count,
});

/** A whole report. */
export const reportSchema: z.ZodType<Report> = z
  .strictObject({
    format: z.literal(REPORT_FORMAT),
    version: z.literal(REPORT_VERSION),
    environment,
    options: z.record(z.string(), z.unknown()),
    seconds: amount,
    subjects: z.array(z.strictObject({ id, kind: z.enum(['strategy', 'peer', 'harness']), title: id })),
    scenarios: z.array(scenario),
    answers: z.array(answer),
    goals: z.array(goal).optional(),
    rows: z.array(row),
    cells: z.array(cell),
    skipped: z.array(z.strictObject({ what: z.string(), why: z.string() })),
    interrupted: z.boolean(),
    checks,
  })
  .refine(({ checks: { passed, failures } }) => passed === (failures.length === 0), {
    message: 'passed must say whether there are failures',
  });
