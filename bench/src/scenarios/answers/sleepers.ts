// The answer to Q3.

import type { ScenarioInfo } from '../../model/measurement.ts';
import type { Row } from '../../model/row.ts';
import type { Answer } from '../../model/scenario.ts';
import { areApart, highest, lowest, roundsOf, select, spell } from './evidence.ts';

function range(rows: readonly Row[], unit: string, scale = 1): string {
  return `${spell(lowest(rows)!, unit, scale)} to ${spell(highest(rows)!, unit, scale)}`;
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
    text:
      `While ${workers - 1} readers sleep inside reads, compaction frees ${range(pages, 'pages/s')}, and leaves used over stored at ` +
      `${range(overheads, '')}. Its longest call takes ${range(calls, 'ms')}; the longest that a read waited is ${range(reads, 'ms', 1e-3)}.` +
      (awaited.length === 0 ? '' : ` With holds across await it frees ${range(awaited, 'pages/s')}.`),
    verdict: areApart(least, most) ? 'proved' : 'open',
    caveats: [`${roundsOf(pages)} rounds`, ...info.limits.slice(0, 1)],
  };
}
