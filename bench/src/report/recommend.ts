// `bench recommend`: names a strategy for the needs given as flags, with the evidence from a report.

import { ArgumentError, readFlags } from '../arguments.ts';
import { CANDIDATES } from './candidates.ts';
import { CHECKED_IN_REPORT } from './docs.ts';
import { recommend } from './decide.ts';
import { AIMS, CAPABILITY_NEEDS } from './needs.ts';
import type { Aim, Needs } from './needs.ts';
import { InputError, readReport } from './read.ts';
import { recommendationText } from './recommend-text.ts';
import { readTraceFacts } from './trace-facts.ts';

const HELP = `Usage: npx -y pnpm@12 bench recommend [flags]

Names the strategy to use, and shows the evidence: measurements from a report,
what the strategies can do, and what the data does not decide.

  --workers N          agents that use the pool at once, 1 to 1024
  --read-share X       share of operations that only read, 0 to 1
  --aim AIM            ${AIMS.join(', ')} (default: throughput)
${CAPABILITY_NEEDS.map(({ flag, help }) => `  --${flag.padEnd(18)} ${help}`).join('\n')}
  --trace FILE         takes workers, read share and holds across await from a
                       recorded trace, gzipped or not
  --report FILE        the evidence (default: docs/report/report.json, from
                       the development machine; yours counts more)
  --json               the recommendation as JSON
  --help               this text

Exit status: 0 a strategy is named, 1 none has the capabilities, 2 bad input.
`;

const TEXT = { type: 'string' } as const;
const YES = { type: 'boolean' } as const;
const FLAGS = {
  workers: TEXT,
  'read-share': TEXT,
  aim: TEXT,
  trace: TEXT,
  report: TEXT,
  json: YES,
  help: YES,
  'main-thread': YES,
  'hold-across-await': YES,
  'free-during-read': YES,
  robust: YES,
  'never-park': YES,
} as const;

function numberOf(flag: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= low && value <= high) return value;
  throw new ArgumentError(`--${flag} must be a number from ${low} to ${high}, not "${text}".`);
}

type Flags = ReturnType<typeof readFlags<typeof FLAGS>>['values'];

function needsOf(flags: Flags): Needs {
  const aim = flags.aim ?? 'throughput';
  if (!(AIMS as readonly string[]).includes(aim))
    throw new ArgumentError(`--aim does not know "${aim}"; it knows ${AIMS.join(', ')}.`);
  const facts = flags.trace === undefined ? null : readTraceFacts(flags.trace);
  const workers = flags.workers === undefined ? (facts?.workers ?? null) : numberOf('workers', flags.workers, 1, 1024);
  if (workers !== null && !Number.isInteger(workers))
    throw new ArgumentError(`--workers must be a whole number, not "${workers}".`);
  return {
    aim: aim as Aim,
    workers,
    readShare:
      flags['read-share'] === undefined
        ? (facts?.readShare ?? null)
        : numberOf('read-share', flags['read-share'], 0, 1),
    must: CAPABILITY_NEEDS.filter(
      ({ id, flag }) => flags[flag as keyof Flags] === true || (id === 'holdAcrossAwait' && facts?.holds === true),
    ).map(({ id }) => id),
  };
}

/** Runs the command. @returns the exit status. */
export async function run(argv: readonly string[]): Promise<number> {
  const { values: flags, positionals } = readFlags(argv, FLAGS);
  if (flags.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  if (positionals.length > 0) throw new ArgumentError(`recommend takes flags only, not "${positionals[0]}".`);
  try {
    const needs = needsOf(flags);
    const path = flags.report ?? CHECKED_IN_REPORT;
    const report = readReport(path);
    const found = recommend(report, needs, CANDIDATES);
    const { cpu, cores, date, node } = report.environment;
    const source = `${path}, ${cpu}, ${cores} cores, Node ${node}, ${date.slice(0, 10)}`;
    const text =
      flags.json === true ? `${JSON.stringify(found, null, 1)}\n` : recommendationText(found, CANDIDATES, source);
    process.stdout.write(text);
    return found.choice === null ? 1 : 0;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stderr.write(`bench recommend: ${error.message}\n`);
    return 2;
  }
}
