// `bench icount`: instructions of the hot paths, the working tree against another commit, with an exit status for CI.

import { availableParallelism } from 'node:os';
import { ArgumentError, numberOf, readFlags } from '../arguments.ts';
import { ROOT, defaultBase, resolveCommit, withBaseTree } from '../icount/base-tree.ts';
import { countInstructions, hasValgrind, mapWide } from '../icount/count.ts';
import type { Counted } from '../icount/count.ts';
import { PATHS } from '../icount/paths.ts';
import { COUNTED } from '../icount/strategies.ts';
import { STRATEGIES } from '../strategies.ts';
import { formatTable, paragraph } from '../table.ts';

const LIMIT_PERCENT = 3;
const STATUS_NO_VALGRIND = 3;
/** Steps of planted work: some 120 instructions, six to eight percent of an operation. */
const PLANTED_STEPS = 3;
/** A tree against itself differs by less. */
const TWIN_PERCENT = 1;
const SELFTEST_PATHS = ['malloc + free', 'readBegin + readEnd'];

const HELP = `Usage: npx -y pnpm@12 icount [BASE] [flags]

Counts the instructions of the hot paths under callgrind, for the commit BASE
and for the working tree, and fails when one got longer by more than the limit,
also when counted once more.
BASE is HEAD where something is changed, else HEAD~1. Takes some minutes.

  --strategies LIST   default: ${COUNTED.join(',')}
  --paths LIST        default: all of
${Object.keys(PATHS)
  .map((path) => `                      ${path}`)
  .join('\n')}
  --limit P           percent, 0.1 to 100 (default: ${LIMIT_PERCENT})
  --jobs N            runs at a time, 1 to 64 (default: one for each core)
  --selftest          a tree against itself must not differ, and work planted
                      into the loop must be found

Exit status: 0 within the limit, 1 beyond, 2 bad flags, 3 there is no valgrind.
`;

const FLAGS = {
  strategies: { type: 'string' },
  paths: { type: 'string' },
  limit: { type: 'string' },
  jobs: { type: 'string' },
  selftest: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** One path of one strategy, counted twice. */
interface Difference {
  readonly strategy: string;
  readonly path: string;
  readonly before: number;
  readonly after: number;
}

const percentOf = ({ before, after }: Difference): number => (after / before - 1) * 100;

/** A counted pair, before and after. */
type Twice = readonly [Counted, Counted];

async function compare(pairs: readonly Twice[], jobs: number): Promise<Difference[]> {
  const counts = await mapWide(pairs.flat(), jobs, async (counted) => {
    process.stderr.write('.');
    return countInstructions(counted);
  });
  process.stderr.write('\n');
  return pairs.map(([{ strategy, path }], index) => {
    return { strategy, path, before: counts[2 * index]!, after: counts[2 * index + 1]! };
  });
}

function tableOf(differences: readonly Difference[]): string {
  return formatTable(
    ['instructions of an operation', 'before', 'after', 'change'],
    differences.map((difference) => [
      `${difference.strategy}: ${difference.path}`,
      difference.before.toFixed(1),
      difference.after.toFixed(1),
      `${percentOf(difference).toFixed(2)} %`,
    ]),
  );
}

function choices(flag: string, text: string | undefined, own: readonly string[], known: readonly string[]): string[] {
  if (text === undefined) return [...own];
  const items = text.split(',').map((item) => item.trim());
  const unknown = items.find((item) => !known.includes(item));
  if (unknown === undefined) return items;
  throw new ArgumentError(`--${flag} does not know "${unknown}"; it knows ${known.join(', ')}.`);
}

async function selftest(strategies: readonly string[], limit: number, jobs: number): Promise<number> {
  const own: Counted[] = strategies.flatMap((strategy) =>
    SELFTEST_PATHS.map((path) => ({ root: ROOT, strategy, path, extra: 0 })),
  );
  const twins = await compare(
    own.map((counted): Twice => [counted, counted]),
    jobs,
  );
  console.log(`A tree against itself:\n${tableOf(twins)}\n`);
  const planted = await compare(
    own.map((counted): Twice => [counted, { ...counted, extra: PLANTED_STEPS }]),
    jobs,
  );
  console.log(`With planted work:\n${tableOf(planted)}\n`);
  const unlike = twins.filter((twin) => Math.abs(percentOf(twin)) > TWIN_PERCENT).length;
  const missed = planted.filter((difference) => percentOf(difference) <= limit).length;
  console.log(`${unlike} of ${twins.length} twins differ, ${missed} of ${planted.length} plants were missed`);
  return unlike + missed === 0 ? 0 : 1;
}

/** Runs the command; returns the exit status. */
export async function run(argv: readonly string[]): Promise<number> {
  const { values: flags, positionals } = readFlags(argv, FLAGS);
  if (flags.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  if (positionals.length > 1) throw new ArgumentError(`icount takes one commit, not ${positionals.length}.`);
  const known = STRATEGIES.map(({ id }) => id);
  const strategies = choices('strategies', flags.strategies, COUNTED, known);
  const paths = choices('paths', flags.paths, Object.keys(PATHS), Object.keys(PATHS));
  const limit = flags.limit === undefined ? LIMIT_PERCENT : numberOf('limit', flags.limit, 0.1, 100, false);
  const jobs = flags.jobs === undefined ? availableParallelism() : numberOf('jobs', flags.jobs, 1, 64, true);
  if (!(await hasValgrind())) {
    process.stderr.write('icount: there is no valgrind here, so nothing was counted; install the package valgrind.\n');
    return STATUS_NO_VALGRIND;
  }
  if (flags.selftest === true) return selftest(strategies, limit, jobs);
  const base = resolveCommit(positionals[0] ?? defaultBase());
  return withBaseTree(base, async (root) => {
    const pairs = strategies.flatMap((strategy) =>
      paths.map((path): Twice => {
        const before = { root, strategy, path, extra: 0 };
        return [before, { ...before, root: ROOT }];
      }),
    );
    const differences = await compare(pairs, jobs);
    console.log(tableOf(differences));
    const suspects = pairs.filter((_, index) => percentOf(differences[index]!) > limit);
    const again = suspects.length === 0 ? [] : await compare(suspects, jobs);
    if (again.length > 0) console.log(`\nCounted once more, what seems to be longer:\n${tableOf(again)}`);
    const longer = again.filter((difference) => percentOf(difference) > limit);
    const verdict = `${longer.length} of ${differences.length} hot paths got longer by more than ${limit} %`;
    console.log(paragraph(`${verdict}, against ${base.slice(0, 12)}.`));
    return longer.length === 0 ? 0 : 1;
  });
}
