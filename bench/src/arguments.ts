// The command line: flags, their limits, and what to say when one is wrong.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { STRATEGIES } from './strategies.ts';

/** Parts of a run. */
export const SECTIONS = ['replay', 'micro', 'memory'] as const;
export type Section = (typeof SECTIONS)[number];

/** A checked command line. */
export interface Options {
  readonly sections: readonly Section[];
  /** Empty: all whose packages export them. */
  readonly strategies: readonly string[];
  readonly workers: readonly number[];
  readonly rounds: number;
  /**
   * No round begins that would end after so many seconds, once three have run; null where --rounds asks for a
   * number.
   */
  readonly budgetSeconds: number | null;
  /** Measured seconds of one cell. */
  readonly seconds: number;
  readonly pages: number;
  readonly seed: number;
  readonly jsonPath: string;
  readonly quick: boolean;
}

/** A command line that cannot be run; the message says what to write instead. */
export class ArgumentError extends Error {
  override name = 'ArgumentError';
}

type Sizes = Pick<Options, 'workers' | 'rounds' | 'seconds' | 'pages'>;

export const DEFAULTS: Sizes = { workers: [1, 2, 4, 8], rounds: 6, seconds: 0.15, pages: 2048 };
const QUICK: Sizes = { workers: [1, 2], rounds: 1, seconds: 0.1, pages: 1024 };
/** Leaves the three minutes that a run may take some room: a round on a busy machine may take longer than the last. */
const BUDGET_SECONDS = 120;
const JSON_PATH = new URL('../results/latest/report.json', import.meta.url);

export const HELP: string = `Usage: npx -y pnpm@12 bench [flags]

Replays pages of the Node binary, compressed, through every lock strategy;
counts and times uncontended operations; compares memory with a kernel's.
Checks all contents. Prints tables on stdout and writes a JSON report.

  --strategies LIST   ${STRATEGIES.slice(0, 4)
    .map(({ id }) => id)
    .join(',')},
                      ${STRATEGIES.slice(4, 7)
                        .map(({ id }) => id)
                        .join(',')},
                      ${STRATEGIES.slice(7)
                        .map(({ id }) => id)
                        .join(',')} (default: all there are)
  --workers LIST      numbers of workers, each 1 to 32 (default: ${DEFAULTS.workers.join(',')})
  --rounds N          rounds, 1 to 100; six give 95 % intervals (default: ${DEFAULTS.rounds},
                      fewer, but at least three, if only so many fit into ${BUDGET_SECONDS} s)
  --seconds S         measured time of a cell, 0.02 to 60 (default: ${DEFAULTS.seconds})
  --pages N           pages of data, 64 to 65536 (default: ${DEFAULTS.pages})
  --seed N            order of the cells and all operations (default: random)
  --sections LIST     ${SECTIONS.join(',')} (default: all)
  --json FILE         where the report goes
                      (default: bench/results/latest/report.json)
  --quick             a smoke run: ${QUICK.rounds} round, ${QUICK.workers.join(',')} workers, ${QUICK.seconds} s, ${QUICK.pages} pages
  --help              this text

A cell is one strategy with one number of workers in one round. A run takes
about strategies x rounds x workers x (seconds + 0.4), and 20 s for the rest.
Exit status: 0 all checks passed, 1 a check failed, 2 bad flags.
`;

function numberOf(flag: string, text: string, low: number, high: number, whole: boolean): number {
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

function choicesOf<T extends string>(flag: string, text: string, known: readonly T[]): T[] {
  const items = listOf(flag, text);
  const unknown = items.find((item) => !(known as readonly string[]).includes(item));
  if (unknown !== undefined)
    throw new ArgumentError(`--${flag} does not know "${unknown}"; it knows ${known.join(', ')}.`);
  return known.filter((item) => items.includes(item));
}

function workersOf(text: string): number[] {
  const workers = listOf('workers', text).map((item) => numberOf('workers', item, 1, 32, true));
  return workers.toSorted((left, right) => left - right);
}

type Flags = Partial<
  Record<'strategies' | 'workers' | 'rounds' | 'seconds' | 'pages' | 'seed' | 'sections' | 'json', string>
>;

function readFlags(argv: readonly string[]): Flags & { quick?: boolean; help?: boolean } {
  // Some package managers pass the "--" on that separates their own flags from ours.
  const args = argv[0] === '--' ? argv.slice(1) : [...argv];
  const text = { type: 'string' } as const;
  const yes = { type: 'boolean' } as const;
  const options = {
    strategies: text,
    workers: text,
    rounds: text,
    seconds: text,
    pages: text,
    seed: text,
    sections: text,
    json: text,
    quick: yes,
    help: yes,
  };
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    // Node's own message explains at length how to escape; its first sentence is what helps.
    throw new ArgumentError(`${(error as Error).message.split('. ')[0]!.replace(/\.$/, '')}.`);
  }
}

/** Reads a command line. Returns 'help' when help is asked for. Throws an ArgumentError when it cannot be run. */
export function parseArguments(argv: readonly string[]): Options | 'help' {
  const flags = readFlags(argv);
  if (flags.help === true) return 'help';
  const quick = flags.quick === true;
  const base = quick ? QUICK : DEFAULTS;
  return {
    sections: flags.sections === undefined ? SECTIONS : choicesOf('sections', flags.sections, SECTIONS),
    strategies:
      flags.strategies === undefined
        ? []
        : choicesOf(
            'strategies',
            flags.strategies,
            STRATEGIES.map(({ id }) => id),
          ),
    workers: flags.workers === undefined ? base.workers : workersOf(flags.workers),
    rounds: flags.rounds === undefined ? base.rounds : numberOf('rounds', flags.rounds, 1, 100, true),
    budgetSeconds: flags.rounds === undefined ? BUDGET_SECONDS : null,
    seconds: flags.seconds === undefined ? base.seconds : numberOf('seconds', flags.seconds, 0.02, 60, false),
    pages: flags.pages === undefined ? base.pages : numberOf('pages', flags.pages, 64, 65536, true),
    seed:
      flags.seed === undefined
        ? Math.floor(Math.random() * 2 ** 31)
        : numberOf('seed', flags.seed, 0, 2 ** 31 - 1, true),
    jsonPath: flags.json ?? fileURLToPath(JSON_PATH),
    quick,
  };
}
