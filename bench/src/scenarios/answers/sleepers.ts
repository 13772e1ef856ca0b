// The answer to Q3.

import type { ScenarioInfo } from '../../model/measurement.ts';
import type { Row } from '../../model/row.ts';
import type { Answer } from '../../model/scenario.ts';
import { figure } from '../../table.ts';
import { areApart, highest, lowest, roundsOf, select, spell } from './evidence.ts';

function range(rows: readonly Row[], unit: string, scale = 1): string {
  return `${spell(lowest(rows)!, unit, scale)} to ${spell(highest(rows)!, unit, scale)}`;
}

function headlineOf(least: Row, most: Row, reads: readonly Row[]): string {
  const [shortest, longest] = [lowest(reads)!, highest(reads)!];
  const freed = areApart(least, most)
    ? `Beside sleeping readers ${most.subject} frees ${figure(most.value.median / least.value.median)} times as many pages a second as ${least.subject}`
    : 'What compaction frees beside sleeping readers differs by less than the noise';
  const waits = areApart(shortest, longest)
    ? `reads wait least under ${shortest.subject} and longest under ${longest.subject}, up to ${figure(longest.value.median / 1000)} ms`
    : `how long reads wait does not differ for certain (up to ${figure(longest.value.median / 1000)} ms)`;
  return `${freed}; ${waits}.`;
}

/** Null when readers that sleep inside were not measured. */
export function answerSleepers(rows: readonly Row[], info: ScenarioInfo): Answer | null {
  const workers = Number(info.parameters.find(({ id }) => id === 'workers')!.values.at(-1));
  const at = { hold: 'ms', workers };
  const [pages, overheads] = [select(rows, 'pagesPerSecond', at), select(rows, 'overhead', at)];
  const [calls, reads] = [select(rows, 'compactMaxMs', at), select(rows, 'readMaxUs', at)];
  const [most, least] = [highest(pages), lowest(pages)];
  if (most === undefined || least === undefined || overheads.length === 0 || reads.length === 0) return null;
  const awaited = select(rows, 'pagesPerSecond', { hold: 'await', workers });
  return {
    scenario: info.id,
    headline: headlineOf(least, most, reads),
    text:
      `While ${workers - 1} readers sleep inside reads, compaction frees ${range(pages, 'pages/s')}, and leaves used over stored at ` +
      `${range(overheads, '')}. Its longest call takes ${range(calls, 'ms')}; the longest that a read waited is ${range(reads, 'ms', 1e-3)}.` +
      (awaited.length === 0 ? '' : ` With holds across await it frees ${range(awaited, 'pages/s')}.`),
    verdict: areApart(least, most) ? 'proved' : 'open',
    caveats: [`${roundsOf(pages)} rounds`, ...info.limits.slice(0, 1)],
  };
}
