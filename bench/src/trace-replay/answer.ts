// Which strategy suits a recorded application, in words.

import type { ScenarioInfo } from '../model/measurement.ts';
import type { Row } from '../model/row.ts';
import type { Answer } from '../model/scenario.ts';
import { BASELINE_ID, HARNESS_ID } from '../strategies.ts';

/** The strategy whose calls took the least time, for one trace and number of copies; null without rows. */
function fastest(rows: readonly Row[], trace: string, copies: number | string): Row | null {
  const own = rows.filter(({ metric, subject, parameters }) => {
    const same = parameters['trace'] === trace && parameters['copies'] === copies;
    return same && metric === 'nsPerCall' && subject !== HARNESS_ID;
  });
  return own.toSorted((left, right) => left.value.median - right.value.median)[0] ?? null;
}

function sentence(row: Row, trace: string): string {
  const { subject, value, comparison } = row;
  const ns = `${subject} took ${value.median.toFixed(0)} ns a call`;
  if (comparison === null) return `${trace}: ${ns}, and no strategy took less`;
  const ratio = `${comparison.ratio.median.toFixed(2)} times what ${BASELINE_ID} took`;
  return `${trace}: ${ns}, ${ratio}${comparison.significant ? '' : ' (not significant)'}`;
}

/** Proved where the fastest strategy of every trace differs significantly from the baseline. */
export function answerTrace(rows: readonly Row[], info: ScenarioInfo): Answer | null {
  const values = (id: string): readonly (number | string)[] =>
    info.parameters.find((own) => own.id === id)?.values ?? [];
  const copies = values('copies').at(-1) ?? 1;
  const found = values('trace').flatMap((trace) => {
    const row = fastest(rows, String(trace), copies);
    return row === null ? [] : [{ trace: String(trace), row }];
  });
  if (found.length === 0) return null;
  const proved = found.every(({ row }) => row.comparison?.significant === true);
  return {
    scenario: info.id,
    text: `Fastest with ${copies} side by side: ${found.map(({ row, trace }) => sentence(row, trace)).join('; ')}.`,
    verdict: proved ? 'proved' : 'open',
    caveats: ['the fastest is told from the baseline, not from the second fastest'],
  };
}
