// How a report was made, in words: the same for every form of it.

import type { Report } from '../model/report.ts';
import { STEADY_ID } from '../crew/warm-up.ts';
import { roundsOf } from './warnings.ts';

/** How many warm-ups were seen to end; nothing where no scenario has one. */
function warmUpSentence({ rows }: Report): string[] {
  const seen = rows.flatMap(({ metric, rounds }) => (metric === STEADY_ID ? rounds : []));
  if (seen.length === 0) return [];
  const steady = seen.filter((value) => value === 1).length;
  return [
    `Workers warm up until their common rate no longer rises or falls. That was seen in ${steady} of ${seen.length} cells; the others were measured when patience ended, and say so (steady 0).`,
  ];
}

export function methodSentences(report: Report): string[] {
  const { checks, environment } = report;
  const rounds = roundsOf(report);
  return [
    `${rounds} round${rounds === 1 ? '' : 's'}; in each, every subject runs every scenario once, all in one random order, so that what the machine does meanwhile falls on all alike. What is exact is measured once.`,
    'A process of its own for every subject, scenario and round, with only that strategy loaded.',
    ...warmUpSentence(report),
    'Throughput is the operations of all workers over the length of the phase. Every timed operation counts in a histogram with buckets less than 0.8 % wide, the greatest exactly; where a label says “from the intended start”, waiting to begin is part of the time.',
    'Figures are medians over rounds with bootstrap intervals. No outlier is removed, no round dropped.',
    'Differences are tested by Mann-Whitney on the rounds, corrected for the number of comparisons (Benjamini and Hochberg); ~ marks what is not proved. Cliff’s delta says how consistent a difference is, from −1 to 1.',
    `Everything computed is checked: ${checks.cells} cells, ${checks.objects.toLocaleString('en')} objects and ${(checks.bytes / 2 ** 20).toFixed(0)} MiB were compared with what they should be. ${checks.passed ? 'No check failed.' : `${checks.failures.length} checks failed.`}`,
    ...environment.limits.map((limit) => `Limit of this machine: ${limit}.`),
  ];
}

/** Name and value, in the order of display. */
export function environmentFacts({ environment, seconds, options }: Report): [string, string][] {
  const { cpu, cores, memoryGiB, os, virtualization, governor, node, v8, flags, commit, date } = environment;
  const { loadAverage, loadAverageAfter, busyShare, busyShareDuring, waitedSeconds, command } = environment;
  const shown = Object.entries(options).filter(
    ([key, value]) => value !== null && !key.endsWith('Path') && !(Array.isArray(value) && value.length === 0),
  );
  return [
    ['Processor', `${cpu}, ${cores} cores`],
    ['Memory', `${memoryGiB} GiB`],
    [
      'System',
      [os, virtualization, governor === null ? null : `governor ${governor}`]
        .filter((part) => part !== null)
        .join(', '),
    ],
    ['Node', `${node}, V8 ${v8}${flags.length === 0 ? '' : `, flags ${flags.join(' ')}`}`],
    [
      'Load',
      `${loadAverage.toFixed(2)} before, ${loadAverageAfter.toFixed(2)} after; others used ${Math.round(busyShare * 100)} % before it began${busyShareDuring == null ? '' : ` and ${Math.round(busyShareDuring * 100)} % during it`}${waitedSeconds < 1 ? '' : `, after waiting ${waitedSeconds.toFixed(0)} s`}`,
    ],
    ['Commit', commit ?? 'unknown'],
    ['Date', date],
    ['Took', `${seconds.toFixed(0)} s`],
    ['Command', command],
    [
      'Options',
      shown.map(([key, value]) => `${key} ${Array.isArray(value) ? value.join(',') : String(value)}`).join('; '),
    ],
  ];
}

/** A command without the files that it wrote: they say nothing to others. */
export function withoutFiles(command: string): string {
  return command.replace(/ --(json|html|markdown)[ =]\S+/g, '');
}

/** The command that makes such a report again: the same flags, the same seed. */
export function reproduceCommand({ environment, options }: Report): string {
  const flags = withoutFiles(environment.command)
    .replace(/^bench( run)?/, '')
    .replace(/ --seed[ =]\S+/, '');
  const seed = options['seed'] === undefined ? '' : ` --seed ${String(options['seed'])}`;
  return `npx -y pnpm@12 bench${flags}${seed}`;
}
