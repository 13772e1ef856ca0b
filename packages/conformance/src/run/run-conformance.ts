// Checks one strategy, and reports.

import { availableParallelism } from 'node:os';
import type { Capabilities } from '@zsmalloc/core/strategy';
import type { Check, CheckKind } from '../check.ts';
import { checkNamed, checksFor } from '../checks.ts';
import { ConformanceError } from '../error.ts';
import { INVARIANTS } from '../invariants.ts';
import type { InvariantNumber } from '../invariants.ts';
import { reportSchema, rowsOf, verdictOf } from '../report.ts';
import type { CheckResult, Report } from '../report.ts';
import { loadSubject } from '../subject.ts';
import { runLane } from './lane.ts';
import type { LaneResult } from './lane.ts';

/** What is going on, for a display. */
export interface Progress {
  /** Checks that have ended, and all of them. */
  readonly done: number;
  readonly total: number;
  /** Title of a check that has just begun or ended. */
  readonly title: string;
  readonly failed: number;
}

export interface ConformanceOptions {
  /** Export of the module; may be left out when it exports one strategy. */
  readonly export?: string;
  /** Time for the checks, 0.4 by default. More time means more schedules and longer torture. */
  readonly minutes?: number;
  /** Seed of everything random; random by default. */
  readonly seed?: number;
  /** Rows to check; all by default. */
  readonly rows?: readonly InvariantNumber[];
  /** Kinds of checks to run; all by default. 'explorer' and 'unit' need no more than one core, and find the same each time. */
  readonly kinds?: readonly CheckKind[];
  /** Runs this one check only. */
  readonly check?: string;
  /** With `check`, for an explorer program: runs this one schedule. */
  readonly schedule?: string;
  readonly onProgress?: (progress: Progress) => void;
}

const MINUTES_DEFAULT = 0.4;
const SEEDS = 2 ** 31;

/**
 * Checks the strategy that a module exports.
 *
 * @param module URL of the module: each process and each worker imports it anew.
 * @throws ERR_CONFORMANCE_MODULE, ERR_CONFORMANCE_EXPORT, ERR_CONFORMANCE_OPTION. A strategy that is wrong, hangs or crashes
 *   throws nothing: see the report.
 */
export async function runConformance(module: string | URL, options: ConformanceOptions = {}): Promise<Report> {
  const startMs = performance.now();
  const { minutes = MINUTES_DEFAULT, seed = Math.floor(Math.random() * SEEDS) } = options;
  if (!(minutes > 0)) throw badOption('minutes', minutes, 'a number above 0');
  for (const number of options.rows ?? []) {
    if (!INVARIANTS.some((known) => known.number === number)) throw badOption('rows', number, 'a row from 1 to 21');
  }
  const { module: url, name, strategy } = await loadSubject(String(module), options.export);
  const budgetMs = minutes * 60_000;
  const checks = wantedChecks(strategy.capabilities, options);
  const found = await runChecks(checks, { url, name, budgetMs, seed, options });
  const results = found.map((result) =>
    toCheckResult(result, { url, name, seed, capabilities: strategy.capabilities }),
  );
  const rows = rowsOf(strategy.capabilities, results, rowsAskedFor(options));
  const { id, version, capabilities } = strategy;
  return reportSchema.parse({
    format: 1,
    strategy: { module: url, export: name, id, version, capabilities },
    environment: { node: process.version, platform: process.platform, cores: availableParallelism() },
    seed,
    budgetMs,
    elapsedMs: performance.now() - startMs,
    verdict: verdictOf(rows),
    rows,
    checks: results,
  });
}

function badOption(option: string, got: unknown, wanted: string): ConformanceError {
  return new ConformanceError('ERR_CONFORMANCE_OPTION', `cannot run: ${option} is ${String(got)}, not ${wanted}.`);
}

function rowsAskedFor({ rows, check }: ConformanceOptions): readonly InvariantNumber[] | undefined {
  return check === undefined ? rows : checkNamed(check)?.rows;
}

function wantedChecks(capabilities: Capabilities, options: ConformanceOptions): Check[] {
  if (options.check === undefined) {
    const { rows, kinds } = options;
    return checksFor(capabilities, rows).filter(({ kind }) => kinds?.includes(kind) ?? true);
  }
  const check = checkNamed(options.check);
  if (check === undefined) throw badOption('check', options.check, 'the id of a check');
  return [check];
}

interface Setting {
  readonly url: string;
  readonly name: string;
  readonly budgetMs: number;
  readonly seed: number;
  readonly options: ConformanceOptions;
}

/** Of these rows, those that apply; all of them when none does. */
function applying(rows: readonly InvariantNumber[], capabilities: Capabilities): InvariantNumber[] {
  const apply = rows.filter((row) => INVARIANTS[row - 1].doesNotApply(capabilities) === undefined);
  return apply.length === 0 ? [...rows] : apply;
}

/** Explorer and torture beside each other: the first needs one core, the second leaves some of its time unused. */
async function runChecks(checks: readonly Check[], setting: Setting): Promise<LaneResult[]> {
  const { url, name, budgetMs, seed, options } = setting;
  const isModel = ({ kind }: Check): boolean => kind === 'explorer' || kind === 'unit';
  let done = 0;
  let failed = 0;
  const lanes = [checks.filter(isModel), checks.filter((check) => !isModel(check))].map((lane) =>
    runLane(
      {
        module: url,
        name,
        checks: lane.map(({ id }) => id),
        budgetMs,
        seed,
        ...(options.schedule === undefined ? {} : { schedule: options.schedule }),
      },
      ({ check, result }) => {
        if (result !== undefined) done++;
        if (result?.finding.defect !== undefined) failed++;
        options.onProgress?.({ done, total: checks.length, title: checkNamed(check)!.title, failed });
      },
    ),
  );
  return (await Promise.all(lanes)).flat();
}

function toCheckResult(
  { check: id, finding, elapsedMs }: LaneResult,
  { url, name, seed, capabilities }: { url: string; name: string; seed: number; capabilities: Capabilities },
): CheckResult {
  const { title, kind, rows } = checkNamed(id)!;
  const { verdict, counts, histograms = [], defect } = finding;
  const result = {
    id,
    title,
    kind,
    rows: [...rows],
    verdict,
    counts: { ...counts },
    histograms: [...histograms],
    elapsedMs,
  };
  if (defect === undefined) return result as CheckResult;
  const { message, detail, schedule } = defect;
  const replay = ['npx -y pnpm@12 conformance', url, `--export ${name} --replay ${id} --seed ${seed}`];
  if (schedule !== undefined) replay.push(`--schedule '${schedule}'`);
  return {
    ...result,
    defect: {
      message,
      ...(detail === undefined ? {} : { detail }),
      ...(schedule === undefined ? {} : { schedule }),
      rows: applying(defect.rows ?? rows, capabilities),
      replay: replay.join(' '),
    },
  } as CheckResult;
}
