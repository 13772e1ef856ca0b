#!/usr/bin/env node
// The command `bench`.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { ArgumentError, HELP, parseArguments } from './arguments.ts';
import type { Options } from './arguments.ts';
import { readEnvironment } from './environment.ts';
import { HARNESS_ID } from './jobs.ts';
import { Progress } from './progress.ts';
import { REPORT_FORMAT, REPORT_VERSION } from './report.ts';
import type { Report, Skip } from './report.ts';
import { reportSchema } from './report-schema.ts';
import { formatEnvironment, formatReport } from './report-text.ts';
import { Session } from './session.ts';
import type { Findings } from './session.ts';
import { BASELINE_ID, STRATEGIES, availableStrategies } from './strategies.ts';
import { summarizeMicro, summarizeReplay } from './summary.ts';

interface Choice {
  readonly strategyIds: readonly string[];
  readonly skipped: readonly Skip[];
}

/**
 * The strategies to run; the ones that no package exports are reported as skipped, or refused where asked for by
 * name.
 */
async function chooseStrategies(options: Options): Promise<Choice> {
  const available = await availableStrategies();
  const wanted = options.strategies.length === 0 ? STRATEGIES.map(({ id }) => id) : options.strategies;
  const missing = wanted.filter((id) => !available.includes(id));
  if (options.strategies.length > 0 && missing.length > 0) {
    throw new ArgumentError(
      `--strategies names ${missing.join(', ')}, which no package exports; there are ${available.join(', ')}.`,
    );
  }
  return {
    strategyIds: wanted.filter((id) => available.includes(id)),
    skipped: missing.map((id) => ({ what: `strategy ${id}`, why: 'no package exports it yet' })),
  };
}

function assemble(
  options: Options,
  findings: Findings,
  rest: Pick<Report, 'environment' | 'seconds' | 'skipped'>,
): Report {
  const { jsonPath: _, ...plain } = options;
  const { cells, failures } = findings;
  const ids = [...STRATEGIES.map(({ id }) => id), HARNESS_ID];
  return {
    format: REPORT_FORMAT,
    version: REPORT_VERSION,
    ...rest,
    options: plain,
    dataset: findings.dataset,
    replayRows: summarizeReplay(cells, ids, options.workers, BASELINE_ID),
    replayCells: cells,
    micro: findings.counts.flatMap((count) => {
      const times = findings.times.filter(({ strategyId }) => strategyId === count.strategyId);
      return times.length === 0 ? [] : summarizeMicro(count, times);
    }),
    density: findings.density,
    metadata: findings.metadata,
    skipped: [...rest.skipped, ...findings.skipped],
    checks: {
      passed: failures.length === 0,
      failures,
      cellsVerified: cells.length,
      objectsVerified: cells.reduce((sum, { checks }) => sum + checks.objectsVerified, 0),
      bytesVerified: cells.reduce((sum, { checks }) => sum + checks.bytesVerified, 0),
    },
  };
}

function writeReport(report: Report, path: string): void {
  reportSchema.parse(report);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(report, null, 1)}\n`);
}

async function run(argv: readonly string[]): Promise<number> {
  const options = parseArguments(argv);
  if (options === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  const { strategyIds, skipped } = await chooseStrategies(options);
  const environment = readEnvironment(argv);
  const start = performance.now();
  process.stdout.write(`${formatEnvironment(environment, options)}\n`);
  const progress = new Progress(Session.countJobs(options, strategyIds.length));
  const findings = await new Session(options, strategyIds, progress).run();
  progress.end();
  const seconds = (performance.now() - start) / 1000;
  const report = assemble(options, findings, { environment, seconds, skipped });
  const path = resolve(options.jsonPath);
  writeReport(report, path);
  process.stdout.write(`${formatReport(report)}\nReport: ${relative(process.cwd(), path)}\n`);
  return report.checks.passed ? 0 : 1;
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ArgumentError)) throw error;
  process.stderr.write(`bench: ${error.message}\nRun with --help for all flags.\n`);
  process.exitCode = 2;
}
