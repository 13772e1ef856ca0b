// The command line of `bench run`: flags, their limits, and what to say when one is wrong.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DEFAULT_IDS, SCENARIO_IDS } from './scenarios/index.ts';
import { STRATEGIES } from './strategies.ts';

/** A checked command line. */
export interface Options {
  readonly scenarios: readonly string[];
  /** Empty: all whose packages export them. */
  readonly strategies: readonly string[];
  /** Empty: each scenario has its own. */
  readonly workers: readonly number[];
  readonly rounds: number;
  /** No round begins that would end after so many seconds, once a few have run; null: all rounds run. */
  readonly budgetSeconds: number | null;
  /** Measured seconds of one cell. */
  readonly seconds: number;
  readonly seed: number;
  readonly inputs: readonly string[];
  readonly traces: readonly string[];
  readonly quick: boolean;
  readonly full: boolean;
  /** Seconds to wait for an idle machine. */
  readonly waitSeconds: number;
  readonly jsonPath: string;
  readonly htmlPath: string | null;
  readonly markdownPath: string | null;
}

/** A command line that cannot be run; the message says what to write instead. */
export class ArgumentError extends Error {
  override name = 'ArgumentError';
}

type Sizes = Pick<Options, 'rounds' | 'seconds' | 'budgetSeconds'>;

export const DEFAULTS: Sizes = { rounds: 10, seconds: 0.04, budgetSeconds: null };
export const QUICK: Sizes = { rounds: 1, seconds: 0.04, budgetSeconds: null };
export const FULL: Sizes = { rounds: 10, seconds: 0.25, budgetSeconds: 3600 };
const WAIT_SECONDS = 10;
const JSON_PATH = new URL('../results/latest/report.json', import.meta.url);

/** Items joined by commas, as many on a line as fit beside an indent. */
function listed(items: readonly string[], indent: number): string {
  const lines: string[] = [''];
  for (const item of items) {
    const line = lines.at(-1)!;
    if (line !== '' && indent + line.length + item.length > 76) lines.push(item);
    else lines[lines.length - 1] = line === '' ? item : `${line},${item}`;
  }
  return lines.join(`,\n${' '.repeat(indent)}`);
}

export const HELP: string = `Usage: npx -y pnpm@12 bench [run] [flags]
       npx -y pnpm@12 bench compare | recommend | report | selftest ...

Measures every lock strategy head to head, checks all contents, prints tables
on stdout and writes a JSON report. Ctrl-C keeps what was measured by then.

  --scenarios LIST    ${listed(SCENARIO_IDS, 22)}
                      default, all with --full, trace alone with --trace:
                      ${listed(DEFAULT_IDS, 22)}
  --strategies LIST   ${listed(
    STRATEGIES.map(({ id }) => id),
    22,
  )}
                      (default: all there are)
  --workers LIST      numbers of workers, each 1 to 32 (default: each
                      scenario's own, up to four times the cores)
  --rounds N          rounds, 1 to 100 (default: ${DEFAULTS.rounds}; ten let differences
                      show, below six nothing is significant)
  --budget S          no round begins that would end later, 10 to 86400
                      (default: none, ${FULL.budgetSeconds} with --full and no --rounds)
  --seconds S         measured time of a cell, 0.02 to 60 (default: ${DEFAULTS.seconds})
  --seed N            order of the jobs and all operations (default: random)
  --input FILE        data of the replay, again for more files
                      (default: the running Node binary)
  --trace FILE        a recorded application, again for more: replays it under
                      all strategies, and nothing else unless named
  --quick             a smoke run: ${QUICK.rounds} round, fewest parameters
  --full              the whole matrix, ${FULL.seconds} s a cell, at most an hour
  --wait S            waits so long for an idle machine (default: ${WAIT_SECONDS})
  --json FILE         where the report goes
                      (default: bench/results/latest/report.json)
  --html FILE         the report as one page
  --markdown FILE     the report for a pull request
  --help              this text

Exit status: 0 all checks passed, 1 a check failed, 2 bad flags,
130 broken off (the report is written).
`;

/** Reads a number; throws an ArgumentError that names the flag and its limits. */
export function numberOf(flag: string, text: string, low: number, high: number, whole: boolean): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
  throw new ArgumentError(
    `--${flag} must be ${whole ? 'a whole number' : 'a number'} from ${low} to ${high}, not "${text}".`,
  );
}

function listOf(flag: string, text: string): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.includes(''))
    throw new ArgumentError(`--${flag} must be a list like a,b without empty items, not "${text}".`);
  if (new Set(items).size < items.length) throw new ArgumentError(`--${flag} names an item twice: "${text}".`);
  return items;
}

function choicesOf(flag: string, text: string, known: readonly string[]): string[] {
  const items = listOf(flag, text);
  const unknown = items.find((item) => !known.includes(item));
  if (unknown !== undefined)
    throw new ArgumentError(`--${flag} does not know "${unknown}"; it knows ${known.join(', ')}.`);
  return known.filter((item) => items.includes(item));
}

function workersOf(text: string): number[] {
  const workers = listOf('workers', text).map((item) => numberOf('workers', item, 1, 32, true));
  return workers.toSorted((left, right) => left - right);
}

const TEXT = { type: 'string' } as const;
const TEXTS = { type: 'string', multiple: true } as const;
const YES = { type: 'boolean' } as const;

/** Parses flags; says what is wrong in one sentence. `options` as for `parseArgs`. */
export function readFlags<const T extends NonNullable<Parameters<typeof parseArgs>[0]>['options'] & object>(
  argv: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ options: T; strict: true; allowPositionals: true }>> {
  // Some package managers pass the "--" on that separates their own flags from ours.
  const args = argv[0] === '--' ? argv.slice(1) : [...argv];
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: true });
  } catch (error) {
    // Node's own message explains at length how to escape; its first sentence is what helps.
    throw new ArgumentError(`${(error as Error).message.split('. ')[0]!.replace(/\.$/, '')}.`);
  }
}

const FLAGS = {
  scenarios: TEXT,
  strategies: TEXT,
  workers: TEXT,
  rounds: TEXT,
  budget: TEXT,
  seconds: TEXT,
  seed: TEXT,
  input: TEXTS,
  trace: TEXTS,
  wait: TEXT,
  json: TEXT,
  html: TEXT,
  markdown: TEXT,
  quick: YES,
  full: YES,
  help: YES,
} as const;

/** Reads a command line. Returns 'help' when help is asked for. Throws an ArgumentError when it cannot be run. */
export function parseArguments(argv: readonly string[]): Options | 'help' {
  const { values: flags, positionals } = readFlags(argv, FLAGS);
  if (flags.help === true) return 'help';
  if (positionals.length > 0) throw new ArgumentError(`there is no command "${positionals[0]}".`);
  const quick = flags.quick === true;
  const full = flags.full === true;
  if (quick && full) throw new ArgumentError('--quick and --full exclude each other.');
  const base = quick ? QUICK : full ? FULL : DEFAULTS;
  const number = (
    flag: 'rounds' | 'budget' | 'seconds' | 'seed' | 'wait',
    low: number,
    high: number,
    whole = false,
  ) => {
    const text = flags[flag];
    return text === undefined ? undefined : numberOf(flag, text, low, high, whole);
  };
  const strategyIds = STRATEGIES.map(({ id }) => id);
  const rounds = number('rounds', 1, 100, true);
  // Whoever names a trace asks about that application.
  const unnamed = flags.trace !== undefined ? ['trace'] : full ? SCENARIO_IDS : DEFAULT_IDS;
  return {
    scenarios: flags.scenarios === undefined ? unnamed : choicesOf('scenarios', flags.scenarios, SCENARIO_IDS),
    strategies: flags.strategies === undefined ? [] : choicesOf('strategies', flags.strategies, strategyIds),
    workers: flags.workers === undefined ? [] : workersOf(flags.workers),
    rounds: rounds ?? base.rounds,
    budgetSeconds: number('budget', 10, 86_400) ?? (rounds === undefined ? base.budgetSeconds : null),
    seconds: number('seconds', 0.02, 60) ?? base.seconds,
    seed: number('seed', 0, 2 ** 31 - 1, true) ?? Math.floor(Math.random() * 2 ** 31),
    inputs: flags.input ?? [],
    traces: flags.trace ?? [],
    quick,
    full,
    waitSeconds: number('wait', 0, 3600) ?? (quick ? 0 : WAIT_SECONDS),
    jsonPath: flags.json ?? fileURLToPath(JSON_PATH),
    htmlPath: flags.html ?? null,
    markdownPath: flags.markdown ?? null,
  };
}
