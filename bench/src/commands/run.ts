// `bench run`: measures, checks, prints tables and writes the report.

import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { ArgumentError, HELP, parseArguments } from '../arguments.ts';
import type { Options } from '../arguments.ts';
import { LoadWatch, awaitCalm, readEnvironment, withLoadAfter } from '../environment.ts';
import type { Report, Skip } from '../model/report.ts';
import type { RunOptions } from '../model/scenario.ts';
import { assembleReport } from '../run/assemble.ts';
import { Session } from '../run/session.ts';
import type { Findings, Part } from '../run/session.ts';
import { loadScenario } from '../scenarios/index.ts';
import { loadTrace } from '../trace-replay/load.ts';
import { skippedPeers } from '../peers/skipped.ts';
import { STRATEGIES, SUBJECTS, availableStrategies } from '../strategies.ts';
import { formatEnvironment, formatReport } from '../report-text.ts';

const INTERRUPTED = 130;

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

/** Refuses files that cannot be read, and traces that are none, before anything is measured. */
function checkFiles({ inputs, traces }: Options): void {
  for (const path of [...inputs, ...traces]) {
    try {
      accessSync(path, constants.R_OK);
    } catch {
      throw new ArgumentError(`cannot read "${path}", which --input or --trace names.`);
    }
  }
  for (const path of traces) {
    try {
      loadTrace(path);
    } catch (error) {
      throw new ArgumentError((error as Error).message);
    }
  }
}

/** Runs the session; Ctrl-C ends it early, a second one at once. */
export async function runInterruptibly(session: Session): Promise<Findings> {
  let asked = false;
  const interrupt = (): void => {
    if (asked) process.exit(INTERRUPTED);
    asked = true;
    session.interrupt();
  };
  process.on('SIGINT', interrupt);
  try {
    return await session.run();
  } finally {
    process.off('SIGINT', interrupt);
  }
}

/** Writes a file, and the folders that it needs. */
export function writeText(path: string, text: string): void {
  mkdirSync(dirname(resolve(path)), { recursive: true });
  writeFileSync(path, text);
}

/** What the report builder's module offers for `--html` and `--markdown`. */
interface Renderer {
  renderHtml(report: Report): string;
  renderMarkdown(report: Report): string;
}

async function writeForms(report: Report, { jsonPath, htmlPath, markdownPath }: Options): Promise<void> {
  writeText(jsonPath, `${JSON.stringify(report)}\n`);
  if (htmlPath === null && markdownPath === null) return;
  const renderer = (await import(new URL('../report/render.js', import.meta.url).href)) as Renderer;
  if (htmlPath !== null) writeText(htmlPath, renderer.renderHtml(report));
  if (markdownPath !== null) writeText(markdownPath, renderer.renderMarkdown(report));
}

async function measure(argv: readonly string[], options: Options, folder: string): Promise<Report> {
  const { strategyIds, skipped } = await chooseStrategies(options);
  const environment = readEnvironment(argv, await awaitCalm(options.waitSeconds));
  const load = new LoadWatch();
  const start = performance.now();
  process.stdout.write(`${formatEnvironment(environment, options.seed)}\n`);
  const parts: Part[] = [];
  for (const id of options.scenarios) parts.push({ id, scenario: await loadScenario(id) });
  const { workers, seconds, quick, full, inputs, traces, rounds, budgetSeconds, seed } = options;
  const cores = availableParallelism();
  const runOptions: RunOptions = { strategyIds, cores, workers, seconds, quick, full, inputs, traces, folder };
  const session = new Session(parts, runOptions, { rounds, budgetSeconds, seed });
  const findings = await runInterruptibly(session);
  return assembleReport(parts, findings, {
    environment: withLoadAfter(environment, load),
    options: { ...options },
    seconds: (performance.now() - start) / 1000,
    skipped: [...skipped, ...skippedPeers(options.scenarios)],
    subjects: SUBJECTS,
    run: runOptions,
  });
}

/** See the head of the file. */
export async function run(argv: readonly string[]): Promise<number> {
  const options = parseArguments(argv);
  if (options === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  checkFiles(options);
  const folder = mkdtempSync(join(tmpdir(), 'zsmalloc-bench-'));
  try {
    const report = await measure(argv, options, folder);
    await writeForms(report, options);
    process.stdout.write(`${formatReport(report)}\nReport: ${relative(process.cwd(), resolve(options.jsonPath))}\n`);
    if (!report.checks.passed) return 1;
    return report.interrupted ? INTERRUPTED : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
