// `bench compare`: what changed from one report to another, with an exit status for CI.

import { ArgumentError, readFlags } from '../arguments.ts';
import { difference } from './difference.ts';
import type { DifferenceOptions } from './difference.ts';
import { differenceMarkdown, differenceText } from './difference-text.ts';
import { InputError, readReport } from './read.ts';

/** Below this, a proved slowdown is too small to stop anybody. */
const THRESHOLD_PERCENT = 5;

const HELP = `Usage: npx -y pnpm@12 bench compare BEFORE.json AFTER.json [flags]

Says what changed, and how surely: Mann-Whitney on the rounds, corrected for
the number of comparisons (5 % false discoveries); ~ where nothing is proved.

  --threshold PERCENT  a proved change for the worse beyond this is a
                       regression, 0 to 1000 (default: ${THRESHOLD_PERCENT})
  --relative           compares ratios to the baseline's same round: for runs
                       on different or differently busy machines
  --metrics main|all   the main metric of each scenario, or all that have a
                       better side (default: main)
  --all                shows also what is not proved
  --format F           text, markdown, json (default: text)
  --help               this text

Exit status: 0 no regression, 1 a regression, 2 bad input.
`;

const TEXT = { type: 'string' } as const;
const YES = { type: 'boolean' } as const;
const FLAGS = { threshold: TEXT, metrics: TEXT, format: TEXT, relative: YES, all: YES, help: YES } as const;

function choiceOf<T extends string>(flag: string, text: string | undefined, known: readonly [T, ...T[]]): T {
  const found = known.find((choice) => choice === (text ?? known[0]));
  if (found === undefined) throw new ArgumentError(`--${flag} does not know "${text}"; it knows ${known.join(', ')}.`);
  return found;
}

function thresholdOf(text: string): number {
  const percent = Number(text);
  if (text.trim() !== '' && percent >= 0 && percent <= 1000) return percent / 100;
  throw new ArgumentError(`--threshold must be a number from 0 to 1000, not "${text}".`);
}

function compareFiles(paths: readonly [string, string], options: DifferenceOptions): ReturnType<typeof difference> {
  const [before, after] = paths.map(readReport) as [ReturnType<typeof readReport>, ReturnType<typeof readReport>];
  [before, after].forEach(({ checks }, index) => {
    if (!checks.passed)
      throw new InputError(
        `${paths[index]} has failed checks: no figure of it can be trusted. The first: ${checks.failures[0]}`,
      );
  });
  const found = difference(before, after, options);
  if (found.changes.length === 0) {
    throw new InputError(
      `${paths[0]} and ${paths[1]} have no figure in common${options.relative ? ' that has a baseline' : ''}: nothing to compare.`,
    );
  }
  return found;
}

/** Runs the command. @returns the exit status. */
export async function run(argv: readonly string[]): Promise<number> {
  const { values: flags, positionals } = readFlags(argv, FLAGS);
  if (flags.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const [before, after, ...rest] = positionals;
  if (before === undefined || after === undefined || rest.length > 0) {
    throw new ArgumentError(`compare takes two reports, not ${positionals.length}.`);
  }
  const options: DifferenceOptions = {
    threshold: thresholdOf(flags.threshold ?? String(THRESHOLD_PERCENT)),
    allMetrics: choiceOf('metrics', flags.metrics, ['main', 'all']) === 'all',
    relative: flags.relative === true,
  };
  const format = choiceOf('format', flags.format, ['text', 'markdown', 'json']);
  const showAll = flags.all === true;
  try {
    const found = compareFiles([before, after], options);
    const texts = {
      text: () => differenceText(found, options, showAll),
      markdown: () => differenceMarkdown(found, options, showAll),
      json: () => `${JSON.stringify(found, null, 1)}\n`,
    };
    process.stdout.write(texts[format]());
    return found.regressions.length > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stderr.write(`bench compare: ${error.message}\n`);
    return 2;
  }
}
