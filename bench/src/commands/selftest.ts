// `bench selftest`: the benchmark measures itself.
//
// aa         the same strategies under two names each: at least 95 % of the comparisons must show no difference
// slowdown   one of two is slowed down on purpose: the difference must be found, and in the right direction
//
// Both use what a run uses: fresh processes and the same cells. The two of a pair run one after the other, in random order,
// with the same plan: so drift of the machine falls on both. The A/A run's verdict is that of a report.
//
// The slowdown is looked for in one metric, chosen beforehand: processor time for each operation, which others on the
// machine disturb least. What they do can only lengthen it, so a process counts with the lower quartile of its many short cells; and
// only ratios within a pair count. The test is Wilcoxon's on those ratios. Nothing in it knows which of the two is slow.

import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArgumentError, numberOf, readFlags } from '../arguments.ts';
import { awaitCalm } from '../environment.ts';
import type { Cell, ScenarioInfo } from '../model/measurement.ts';
import type { Job, RunOptions } from '../model/scenario.ts';
import type { Row } from '../model/row.ts';
import { shuffled } from '../random.ts';
import type { Random } from '../random.ts';
import { Session } from '../run/session.ts';
import type { SessionOptions } from '../run/session.ts';
import { loadScenario } from '../scenarios/index.ts';
import { CPU_METRIC } from '../scenarios/cells.ts';
import { quantileOfSorted } from '../statistics.ts';
import { estimateMedian } from '../statistics/bootstrap.ts';
import { P_MAX, summarizeScenario } from '../statistics/rows.ts';
import { signedRank } from '../statistics/signed-rank.ts';
import { formatTable, paragraph } from '../table.ts';
import { runInterruptibly } from './run.ts';

const SCENARIO = 'writeShare';
const TWIN = '~again';
/** Strategies whose cells the A/A run compares: a lock, an atomic counter, and epochs. */
const AA_STRATEGIES: readonly string[] = ['spin', 'preemptibleAtomic', 'rcu'];
const SLOW_STRATEGY = 'spin';
const AA_ROUNDS = 12;
const SLOW_ROUNDS = 120;
/** Shares of the rounds after which to look: a calm machine needs few. The chance of a false find is shared among the looks. */
const LOOKS: readonly number[] = [1 / 6, 1 / 3, 2 / 3, 1];
const AA_SECONDS = 0.05;
const SLOW_SECONDS = 0.03;
/** Cells of a process that are joined: processes differ by 3 %, neighbouring cells on a busy machine by 30. */
const REPEATS = 16;
const AGREE_SHARE_MIN = 0.95;
const SLOWDOWN = 5;
/** A difference of so many half widths of its interval is found four times in five. */
const POWER_WIDTHS = 1.43;

const HELP = `Usage: npx -y pnpm@12 bench selftest aa | slowdown [flags]

aa         measures strategies twice under different names; at least 95 % of
           the comparisons must show no difference
slowdown   slows one of two down by some percent and must find it

  --rounds N     rounds (default: ${AA_ROUNDS} for aa, ${SLOW_ROUNDS} for slowdown, at most: it ends
                 early when it has found it)
  --slowdown P   percent, 1 to 100 (default: ${SLOWDOWN})
  --seed N       order of the jobs (default: random)

Exit status: 0 passed, 1 failed, 2 bad flags.
`;

/** Jobs of a pair one after the other, in random order; pairs in random order. */
function pairwise(jobs: readonly Job[], random: Random): Job[] {
  const pairs = new Map<string, Job[]>();
  for (const job of jobs) {
    const key = job.subject.split('~')[0]!;
    pairs.set(key, [...(pairs.get(key) ?? []), job]);
  }
  return shuffled([...pairs.values()], random).flatMap((pair) => shuffled(pair, random));
}

/** Every job twice: as it is, and under its other name with `slowdown` planted. */
function twice(slowdown: number): (jobs: readonly Job[]) => Job[] {
  return (jobs) =>
    jobs.flatMap((job) => [
      { ...job, plan: { ...job.plan, slowdown: 0 } },
      { ...job, subject: `${job.subject}${TWIN}`, plan: { ...job.plan, slowdown } },
    ]);
}

interface Experiment {
  readonly strategyIds: readonly string[];
  readonly workers: readonly number[];
  readonly seconds: number;
  readonly rounds: number;
  readonly seed: number;
  readonly slowdown: number;
  /** Leaves out cells of the scenario. */
  readonly narrow?: (jobs: readonly Job[]) => readonly Job[];
}

/** The cells of all strategies under both names, and how the scenario describes them. */
async function experiment({
  strategyIds,
  workers,
  seconds,
  rounds,
  seed,
  slowdown,
  narrow,
}: Experiment): Promise<{ cells: readonly Cell[]; info: ScenarioInfo }> {
  const scenario = await loadScenario(SCENARIO);
  const folder = mkdtempSync(join(tmpdir(), 'zsmalloc-selftest-'));
  const cores = availableParallelism();
  const common = { quick: false, full: false, inputs: [], traces: [] };
  const options: RunOptions = { ...common, strategyIds, cores, workers, seconds, folder };
  const double = twice(slowdown);
  const how: SessionOptions = {
    rounds,
    budgetSeconds: null,
    seed,
    rewrite: (jobs) => double(narrow?.(jobs) ?? jobs),
    order: pairwise,
  };
  try {
    const session = new Session([{ id: SCENARIO, scenario }], options, how);
    const { cells, failures, infos, interrupted } = await runInterruptibly(session);
    if (failures.length > 0) throw new Error(`the self-test could not measure: ${failures[0]}`);
    if (interrupted) throw new Error('the self-test was broken off.');
    return { cells, info: infos[0]! };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Verdict = (row: Row) => boolean;

function print(rows: readonly Row[], differs: Verdict): void {
  const lines = rows.map((row) => {
    const { subject, metric, parameters, comparison } = row;
    const { ratio, p } = comparison!;
    const where = `${subject.split('~')[0]} ${parameters['writes']} % ${metric}`;
    const interval = `${ratio.low.toFixed(3)}-${ratio.high.toFixed(3)}`;
    return [where, ratio.median.toFixed(3), interval, p.toPrecision(2), differs(row) ? 'differs' : 'alike'];
  });
  process.stdout.write(`${formatTable(['second name over first', 'ratio', 'interval', 'p', 'verdict'], lines)}\n`);
}

async function alike(rounds: number, seed: number): Promise<number> {
  const workers = [availableParallelism()];
  const how = { strategyIds: AA_STRATEGIES, workers, seconds: AA_SECONDS, rounds, seed, slowdown: 0 };
  const { cells, info } = await experiment(how);
  // Each strategy is a baseline of its own: its twin is compared with it and with nothing else.
  const rows = AA_STRATEGIES.flatMap((baseline) => {
    const pair = [baseline, `${baseline}${TWIN}`];
    const own = cells.filter(({ subject }) => pair.includes(subject));
    return summarizeScenario({ ...info, baseline }, own, pair).filter(({ comparison }) => comparison !== null);
  });
  const differs: Verdict = ({ comparison }) => comparison!.significant;
  print(rows, differs);
  const different = rows.filter(differs).length;
  const uncorrected = rows.filter(({ comparison }) => comparison!.p < 0.05).length;
  const share = 1 - different / rows.length;
  const passed = share >= AGREE_SHARE_MIN;
  const verdict = paragraph(
    `A/A: ${rows.length - different} of ${rows.length} comparisons show no difference (${(share * 100).toFixed(1)} %; at least 95 % wanted). ` +
      `Before correction ${uncorrected} have p < 0.05; chance alone gives about ${(rows.length * 0.05).toFixed(0)}.`,
  );
  process.stdout.write(
    `${verdict}\n${passed ? 'PASSED' : 'FAILED: the bench sees differences where there are none'}\n`,
  );
  return passed ? 0 : 1;
}

/** One agent and one choice of parameters, several times in each process: what varies least. */
function oneCellRepeated(jobs: readonly Job[]): Job[] {
  return jobs.map((job) => {
    const { cells } = job.plan as { cells: readonly { readonly writes: number }[] };
    const cell = cells.find(({ writes }) => writes === 20)!;
    return { ...job, plan: { ...job.plan, cells: Array.from({ length: REPEATS }, () => cell) } };
  });
}

/** Processor time for each operation of one process: the lower quartile of its cells. */
function cpuNsOf(cells: readonly Cell[], subject: string, round: number): number {
  const own = cells.filter((cell) => cell.subject === subject && cell.round === round);
  const values = own.flatMap(({ metrics }) => metrics[CPU_METRIC.id] ?? []);
  return quantileOfSorted(
    values.toSorted((left, right) => left - right),
    0.25,
  );
}

/** Ratios of the slowed-down process to the other, one for each of so many further pairs. */
async function measurePairs(percent: number, rounds: number, seed: number): Promise<number[]> {
  const { cells } = await experiment({
    strategyIds: [SLOW_STRATEGY],
    workers: [1],
    seconds: SLOW_SECONDS,
    rounds,
    seed,
    slowdown: percent / 100,
    narrow: oneCellRepeated,
  });
  return Array.from(
    { length: rounds },
    (_, round) => cpuNsOf(cells, `${SLOW_STRATEGY}${TWIN}`, round) / cpuNsOf(cells, SLOW_STRATEGY, round),
  );
}

/** Measures until the planted slowdown is found, or all rounds are over. */
async function find(percent: number, rounds: number, seed: number): Promise<number> {
  const ratios: number[] = [];
  for (const [look, share] of LOOKS.entries()) {
    ratios.push(...(await measurePairs(percent, Math.round(rounds * share) - ratios.length, seed + look)));
    const p = signedRank(ratios.map(Math.log));
    const { median, low, high } = estimateMedian(ratios);
    const text =
      `Planted: ${percent} %. Measured, ${CPU_METRIC.label} in ${ratios.length} pairs of processes: ratio ${median.toFixed(3)} ` +
      `(${low.toFixed(3)} to ${high.toFixed(3)}), p ${p.toPrecision(2)} (below ${P_MAX / LOOKS.length} wanted).`;
    process.stdout.write(`${paragraph(text)}\n`);
    if (p < P_MAX / LOOKS.length && low > 1) {
      process.stdout.write('PASSED: found\n');
      return 0;
    }
    if (look < LOOKS.length - 1) continue;
    const visible = (100 * POWER_WIDTHS * (high - low)) / 2;
    process.stdout.write(
      `${paragraph(`FAILED: not found. On this machine, now, so many rounds find about ${visible.toFixed(0)} %.`)}\n`,
    );
  }
  return 1;
}

/** See the head of the file. */
export async function run(argv: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const options = { rounds: text, slowdown: text, seed: text, help: { type: 'boolean' } } as const;
  const { values, positionals } = readFlags(argv, options);
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const [what] = positionals;
  if (positionals.length !== 1 || (what !== 'aa' && what !== 'slowdown'))
    throw new ArgumentError('selftest needs one of aa, slowdown.');
  const rounds = numberOf('rounds', values.rounds ?? String(what === 'aa' ? AA_ROUNDS : SLOW_ROUNDS), 6, 1000, true);
  const percent = numberOf('slowdown', values.slowdown ?? String(SLOWDOWN), 1, 100, false);
  const seed = numberOf('seed', values.seed ?? String(Math.floor(Math.random() * 2 ** 31)), 0, 2 ** 31 - 1, true);
  const { busyShare } = await awaitCalm(0);
  process.stdout.write(`others use ${(busyShare * 100).toFixed(0)} % of the machine; seed ${seed}\n`);
  return what === 'aa' ? alike(rounds, seed) : find(percent, rounds, seed);
}
