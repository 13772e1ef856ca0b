// A scenario on the page: who leads, its plots, its limits, its numbers.

import type { Metric, ScenarioInfo } from '../model/measurement.ts';
import type { Report } from '../model/report.ts';
import { leadersTables } from './leaders-table.ts';
import { leadersMarkup, rawTables } from './html-tables.ts';
import { NOTHING, markup } from './markup.ts';
import type { Markup } from './markup.ts';
import { distributionFigures, metricFigure } from './panels.ts';
import type { Figure, PanelGroup } from './panels.ts';
import { crossoverFigures } from './plot-crossover.ts';
import { plottedMetrics } from './view.ts';

/** Shown at once; what follows is folded away. */
const TABLES_SHOWN = 2;
const PANELS_SHOWN = 6;
const GROUPS_SHOWN = 2;

function panelsMarkup(panels: PanelGroup['panels']): Markup {
  const items = panels.map(
    ({ title, svg }) => markup`<div class="panel">${title === '' ? NOTHING : markup`<h5>${title}</h5>`}${svg}</div>`,
  );
  return markup`<div class="panels">${items}</div>`;
}

function groupMarkup({ title, panels }: PanelGroup): Markup {
  const shown = panels.slice(0, PANELS_SHOWN);
  const folded = panels.slice(PANELS_SHOWN);
  const more =
    folded.length === 0
      ? NOTHING
      : markup`<details>
          <summary>${folded.length} more</summary>
          ${panelsMarkup(folded)}
        </details>`;
  return markup`${title === '' ? NOTHING : markup`<p class="small dim">${title}</p>`}${panelsMarkup(shown)}${more}`;
}

export function figureMarkup({ id, title, caption, groups }: Figure): Markup {
  const [first, ...others] = groups;
  const each = others.map(
    (group) => markup`<details><summary>${group.title}</summary>${panelsMarkup(group.panels)}</details>`,
  );
  const folded =
    each.length <= GROUPS_SHOWN
      ? each
      : markup`<details><summary>${each.length} other choices of parameters</summary>${each}</details>`;
  return markup`<figure id="${id}">
    <h4>${title}</h4>
    ${groupMarkup(first!)}
    <figcaption>${caption}</figcaption>
    ${folded}
  </figure>`;
}

function leadersSection(report: Report, info: ScenarioInfo, metrics: readonly Metric[]): Markup {
  const tables = metrics.flatMap((metric) => leadersTables(report, info, metric).map((table) => ({ metric, table })));
  if (tables.length === 0) return NOTHING;
  const each = tables.map(({ metric, table }) => leadersMarkup(table, metric.label));
  const more = each.slice(TABLES_SHOWN);
  return markup`<h4>Who leads</h4>
    <p class="small dim">
      Difference from the best of the strategies; <b>~</b> where the data cannot tell it from the best. <b>~ best</b>: it leads nobody for certain.
    </p>
    <div class="tables">${each.slice(0, TABLES_SHOWN)}</div>
    ${
      more.length === 0
        ? NOTHING
        : markup`<details>
            <summary>${more.length} more of these tables</summary>
            ${more}
          </details>`
    }`;
}

/** The whole section of a scenario. */
export function scenarioMarkup(report: Report, info: ScenarioInfo): Markup {
  const metrics = plottedMetrics(info);
  const figures = [
    ...crossoverFigures(report, info),
    ...metrics.flatMap((metric) => metricFigure(report, info, metric) ?? []),
    ...distributionFigures(report, info),
  ];
  const limits =
    info.limits.length === 0
      ? NOTHING
      : markup`<p class="small"><b>What this does not show.</b></p>
          <ul class="small">
            ${info.limits.map((limit) => markup`<li>${limit}</li>`)}
          </ul>`;
  return markup`<section id="${info.id}">
    <h3>${info.title}</h3>
    <p>${info.description}</p>
    ${leadersSection(report, info, metrics)} ${figures.map(figureMarkup)} ${limits} ${rawTables(report, info)}
  </section>`;
}
