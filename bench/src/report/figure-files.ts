// Plots as files of their own, for documents that cannot hold SVG. They bring their colours along, for light and dark.

import type { Report } from '../model/report.ts';
import { escapeText } from './markup.ts';
import type { Markup } from './markup.ts';
import { COLORS } from './page-style.ts';
import { metricFigure } from './panels.ts';
import { FONT_SIZE, WIDTH } from './plot.ts';
import { crossoverFigures } from './plot-crossover.ts';

/** A panel as a file. */
export interface FigureFile {
  readonly name: string;
  /** What it shows, in a few words. */
  readonly title: string;
  readonly text: string;
}

const STYLE = `${COLORS}
svg { color: var(--text); background: var(--page); font: ${FONT_SIZE}px system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; }
text { white-space: pre; }`;

function standalone({ source }: Markup): string {
  const start = source.indexOf('>') + 1;
  const height = /viewBox="0 0 \d+ (\d+)"/.exec(source)![1]!;
  const head = source
    .slice(0, start)
    .replace('<svg', `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}"`);
  return `${head}<style>${escapeText(STYLE)}</style>${source.slice(start)}\n`;
}

/** The panels of a scenario's main metric, those that tell most, and its crossover; none where the report lacks it. */
export function figureFiles(report: Report, scenario: string): FigureFile[] {
  const info = report.scenarios.find(({ id }) => id === scenario);
  const figure = info === undefined ? null : metricFigure(report, info, info.metrics[0]!);
  if (figure === null) return [];
  return [...crossoverFigures(report, info!), figure].flatMap(({ id, title: about, groups }) =>
    groups[0]!.panels.map(({ title, svg }, index) => ({
      name: `${id}-${index + 1}.svg`,
      title: `${title === '' ? info!.title : title}: ${about}`,
      text: standalone(svg),
    })),
  );
}
