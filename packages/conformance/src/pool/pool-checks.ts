// Programs of whole pools as checks.

import type { Check } from '../check.ts';
import { explorerCheck } from '../model/explorer-check.ts';
import { migrationPrograms } from './migration-programs.ts';
import { objectPrograms, threeAgents } from './object-programs.ts';
import { explorePool } from './pool-model.ts';
import type { Build } from './program-parts.ts';

/** Mutual exclusion, hangs, relocation. */
const ROWS = [1, 4, 18];
/** Reads whose bytes may be reclaimed. */
const READ_ROWS = [1, 4, 13, 18];
const FREE_ROWS = [1, 4, 14];

function rowsOf(title: string): number[] {
  if (/^a? ?(two )?reads? /.test(title)) return READ_ROWS;
  return /free|malloc/.test(title) ? FREE_ROWS : ROWS;
}

function idOf(title: string): string {
  const words = title.replace(/[:,]/g, '').split(' ');
  return ['pool', ...words.filter((word) => !/^(a|an|the|of|its|it|that|this|is)$/.test(word))].join('-');
}

const toCheck =
  (weight: number) =>
  ([title, build]: [string, Build]): Check =>
    explorerCheck({
      id: idOf(title),
      title: `pool: ${title}`,
      rows: rowsOf(title),
      weight,
      race: 'two agents were inside the same part of the pool at once',
      explore: (strategy, options) => explorePool(build(strategy), options),
    });

/** See the head of the file. */
export const poolChecks: readonly Check[] = [
  ...Object.entries({ ...objectPrograms, ...migrationPrograms }).map(toCheck(1)),
  ...Object.entries(threeAgents).map(toCheck(2)),
];
