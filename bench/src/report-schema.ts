// The zod schema of a report. Strict: a field too many is as wrong as one too few. `z.toJSONSchema(reportSchema)` gives
// it to other languages.

import { z } from 'zod';
import { SECTIONS } from './arguments.ts';
import { REPORT_FORMAT, REPORT_VERSION } from './report.ts';
import type { Report } from './report.ts';

const count = z.int().nonnegative();
const amount = z.number().nonnegative();
const id = z.string().min(1);

const estimateFields = { median: amount, low: amount, high: amount, confidence: z.number().min(0).max(1), count };
const estimate = z.strictObject(estimateFields);
const comparison = z.strictObject({ ...estimateFields, significant: z.boolean() });

const latency = z.strictObject({ samples: count, p50: amount, p99: amount, p999: amount, max: amount }).nullable();
const cellLatency = z.strictObject({
  all: latency,
  read: latency,
  store: latency,
  overwrite: latency,
  free: latency,
  readBesideCompaction: latency,
  readUndisturbed: latency,
});

const compaction = z.strictObject({
  calls: count,
  callsRefused: count,
  ms: amount,
  msMax: amount,
  pagesFreed: count,
  objectsMoved: count,
  busySkips: count,
});

const memory = z.strictObject({
  poolBytes: count,
  bytesStored: count,
  bytesUsed: count,
  bytesMetadata: count,
  bytesUsedPeak: count,
  garbageBytesHigh: count.nullable(),
  halfStored: count,
  halfUsedBefore: count,
  halfUsedAfter: count,
  halfPagesFreed: count,
});

const cell = z.strictObject({
  strategyId: id,
  workers: z.int().positive(),
  round: count,
  operations: count,
  operationsPerSecond: amount,
  seconds: amount,
  withoutPool: count,
  slotsTaken: count,
  refused: count,
  latency: cellLatency,
  compaction: compaction.nullable(),
  memory: memory.nullable(),
  checks: z.strictObject({
    objectsVerified: count,
    bytesVerified: count,
    poolVerified: z.boolean(),
    emptyAtEnd: z.boolean(),
  }),
});

const replayRow = z.strictObject({
  strategyId: id,
  workers: z.int().positive(),
  operationsPerSecond: estimate,
  relative: comparison.nullable(),
  p50Us: amount.nullable(),
  p99Us: amount.nullable(),
  p999Us: amount.nullable(),
});

const microRow = z.strictObject({
  strategyId: id,
  operation: id,
  callsStated: count.nullable(),
  callsMeasured: amount,
  calls: z.record(z.string(), amount),
  ns: estimate,
  callNs: estimate,
  ratio: estimate,
  withinLimit: z.boolean(),
});

const density = z.strictObject({
  strategyId: id,
  steps: z.array(
    z.strictObject({
      freedShare: z.number().min(0).max(1),
      bytesStored: count,
      bytesUsedBefore: count,
      bytesUsed: count,
      bytesMetadata: count,
      compactMs: amount,
    }),
  ),
  objectsVerified: count,
});

const metadata = z.strictObject({
  strategyId: id,
  poolBytes: count,
  objectBytes: count,
  objects: count,
  objectsCapacity: count,
  bytesMetadata: count,
  fillSeconds: amount,
});

const environment = z.strictObject({
  cpu: z.string(),
  cores: count,
  memoryGiB: amount,
  loadAverage: amount,
  os: z.string(),
  node: z.string(),
  v8: z.string(),
  commit: z.string().nullable(),
  date: z.iso.datetime(),
  command: z.string(),
});

const options = z.strictObject({
  sections: z.array(z.enum(SECTIONS)),
  strategies: z.array(id),
  workers: z.array(z.int().positive()),
  rounds: z.int().positive(),
  budgetSeconds: z.number().positive().nullable(),
  seconds: z.number().positive(),
  pages: z.int().positive(),
  seed: count,
  quick: z.boolean(),
});

const checks = z.strictObject({
  passed: z.boolean(),
  failures: z.array(z.string()),
  cellsVerified: count,
  objectsVerified: count,
  bytesVerified: count,
});

/** A whole report. */
export const reportSchema: z.ZodType<Report> = z
  .strictObject({
    format: z.literal(REPORT_FORMAT),
    version: z.literal(REPORT_VERSION),
    environment,
    options,
    seconds: amount,
    dataset: z
      .strictObject({ pages: count, samePages: count, rawPages: count, bytes: count, objectBytesMax: count })
      .nullable(),
    replayRows: z.array(replayRow),
    replayCells: z.array(cell),
    micro: z.array(microRow),
    density: z.array(density),
    metadata: metadata.nullable(),
    skipped: z.array(z.strictObject({ what: z.string(), why: z.string() })),
    checks,
  })
  .refine(({ checks: { passed, failures } }) => passed === (failures.length === 0), {
    message: 'passed must say whether there are failures',
  });
