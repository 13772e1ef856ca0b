// Tables of the page: who leads, the raw numbers, what strategies can do.

import type { ScenarioInfo } from '../model/measurement.ts';
import type { Report } from '../model/report.ts';
import type { Row } from '../model/row.ts';
import type { Candidate } from './candidates.ts';
import { zspageBytes } from './decide.ts';
import type { LeadersTable } from './leaders-table.ts';
import { Markup, NOTHING, markup } from './markup.ts';
import { UnitScale, changeText, pText } from './units.ts';

/** A table whose first column has the names of the lines. It scrolls sideways by itself where it is too wide. */
function tableMarkup(title: string, columns: readonly string[], body: readonly Markup[], kind = 'plain'): Markup {
  const head = columns.map((name) => markup`<th scope="col">${name}</th>`);
  const table = markup`<table class="${kind}" aria-label="${title}"><thead><tr><th></th>${head}</tr></thead><tbody>${body}</tbody></table>`;
  return markup`<div class="scroll" tabindex="0">${table}</div>`;
}

export function leadersMarkup(
  { title, columnLabel, columns, lines, canDecide }: LeadersTable,
  metricLabel: string,
): Markup {
  const caption = [metricLabel, title, columnLabel === '' ? '' : `by ${columnLabel}`]
    .filter((part) => part !== '')
    .join(', ');
  const body = lines.map(({ subject, isPeer, cells }) => {
    const figures = cells.map(({ text, place }) => markup`<td class="${place ?? 'none'}">${text}</td>`);
    return markup`<tr class="${isPeer ? 'peer' : 'strategy'}">
      <th scope="row">${subject}</th>
      ${figures}
    </tr>`;
  });
  const note = canDecide ? NOTHING : markup`<p class="small dim">Too few rounds to prove any difference.</p>`;
  // Above the table, not in it: a long caption would make the table wide.
  return markup`<div><p class="small dim">${caption}</p>${tableMarkup(caption, columns, body)}${note}</div>`;
}

function rawRow(row: Row, info: ScenarioInfo, unit: UnitScale): Markup {
  const { value, comparison } = row;
  const parameters = info.parameters.map(({ id }) => markup`<td>${String(row.parameters[id] ?? '')}</td>`);
  const against =
    comparison === null
      ? markup`<td></td>
          <td></td>
          <td></td>`
      : markup`<td>
            ${comparison.significant ? changeText(comparison.ratio.median) : `~ ${changeText(comparison.ratio.median)}`}
          </td>
          <td>${pText(comparison.p)}</td>
          <td>${comparison.delta.toFixed(2)}</td>`;
  const interval = value.count > 1 ? `${unit.figure(value.low)} – ${unit.figure(value.high)}` : '';
  return markup`<tr>
    <th scope="row">${row.subject}</th>
    ${parameters}
    <td>${unit.figure(value.median)}</td>
    <td>${interval}</td>
    <td>${value.count}</td>
    ${against}
  </tr>`;
}

/** All rows of a scenario: a folded table for each metric. */
export function rawTables({ rows }: Report, info: ScenarioInfo): Markup {
  const tables = info.metrics.map((metric) => {
    const own = rows.filter((row) => row.scenario === info.id && row.metric === metric.id);
    if (own.length === 0) return NOTHING;
    const unit = UnitScale.of(
      metric.unit,
      own.map(({ value }) => value.median),
    );
    const confidence = Math.round(own[0]!.value.confidence * 100);
    const columns = [
      ...info.parameters.map(({ label }) => label),
      'median',
      `${confidence} % interval`,
      'rounds',
      info.baseline === null ? 'against baseline' : `against ${info.baseline}`,
      'p',
      'delta',
    ];
    const body = own.map((row) => rawRow(row, info, unit));
    return markup`<details><summary>${unit.label(metric.label)}</summary>${tableMarkup(metric.label, columns, body)}</details>`;
  });
  return markup`<details>
    <summary>All numbers of this scenario</summary>
    ${tables}
  </details>`;
}

/** What each strategy can do, as it says itself. */
export function capabilitiesTable(candidates: readonly Candidate[]): Markup {
  const yes = (value: boolean): string => (value ? 'yes' : 'no');
  const body = candidates.map((candidate) => {
    const { worksWithoutBlocking, parks, holdAcrossAwait, freeDuringRead, robust, fairness } = candidate.capabilities;
    const flags = [worksWithoutBlocking, parks, holdAcrossAwait, freeDuringRead, robust].map(
      (flag) => markup`<td>${yes(flag)}</td>`,
    );
    return markup`<tr>
      <th scope="row"><code>${candidate.id}</code></th>
      <td class="left">${candidate.module.replace(/^.*\//, '')}</td>
      ${flags}
      <td>${fairness}</td>
      <td>${zspageBytes(candidate)}</td>
    </tr>`;
  });
  const names = [
    'package',
    'main thread',
    'may park',
    'hold across await',
    'free during read',
    'robust',
    'fairness',
    'bytes a zspage',
  ];
  return tableMarkup('What each strategy can do', names, body, 'wrapped');
}
