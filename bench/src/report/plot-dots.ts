// One figure for each subject, with its interval: for scenarios without an axis.

import * as Plot from '@observablehq/plot';
import type { Markup } from './markup.ts';
import type { Place } from './leaders.ts';
import { FONT_SIZE, LINE_HEIGHT, renderPlot, tickLabelsX, withinScale, wrapTitle } from './plot.ts';
import type { Scale } from './plot.ts';
import type { Row } from '../model/row.ts';
import type { UnitScale } from './units.ts';

const ROW_HEIGHT = 20;
const MARGIN = { left: 124, right: 66, top: 8, bottom: 40 };

/** A row with its place among the strategies; null where nothing is compared. */
export interface Dot {
  readonly row: Row;
  readonly place: Place | null;
}

/** What all panels of a metric share, so that they can be compared. */
export interface DotsFrame {
  readonly metricLabel: string;
  readonly unit: UnitScale;
  readonly scale: Scale;
}

/** Filled: the best, and what the data cannot tell from it. */
const FILLS: Readonly<Record<Place, string>> = {
  best: 'var(--series-3)',
  tied: 'var(--series-1)',
  behind: 'var(--page)',
  ahead: 'var(--page)',
};
const STROKES: Readonly<Record<Place, string>> = {
  best: 'var(--series-3)',
  tied: 'var(--series-1)',
  behind: 'currentColor',
  ahead: 'currentColor',
};

function colorOf(colors: Readonly<Record<Place, string>>, place: Place | null, leadIsProved: boolean): string {
  if (place === null) return 'currentColor';
  return colors[place === 'best' && !leadIsProved ? 'tied' : place];
}

function alternativeOf(dots: readonly Dot[], { unit, metricLabel }: DotsFrame): string {
  const figures = dots.map(({ row, place }) => {
    const { median, low, high, count } = row.value;
    const interval = count > 1 ? ` (${unit.figure(low)} to ${unit.figure(high)})` : '';
    return `${row.subject} ${unit.figure(median)}${interval}${place === 'best' || place === 'tied' ? `, ${place}` : ''}`;
  });
  return `Dot chart of ${unit.label(metricLabel)}: ${figures.join('; ')}.`;
}

/** Draws the panel, its rows in the order of `dots`. A lead that is not proved is a star in the colour of the tied. */
export function dotsPlot(dots: readonly Dot[], frame: DotsFrame, leadIsProved: boolean): Markup {
  const { unit, scale } = frame;
  const title = wrapTitle(unit.label(frame.metricLabel));
  const bottom = MARGIN.bottom + title.extraLines * LINE_HEIGHT;
  const data = dots.map(({ row, place }) => ({
    name: row.subject,
    x: row.value.median * unit.factor,
    low: withinScale(scale, row.value.low * unit.factor),
    high: withinScale(scale, row.value.high * unit.factor),
    text: unit.figure(row.value.median),
    fill: colorOf(FILLS, place, leadIsProved),
    stroke: colorOf(STROKES, place, leadIsProved),
    symbol: place === 'best' ? 'star' : place === 'tied' ? 'square' : 'circle',
  }));
  return renderPlot(
    {
      height: MARGIN.top + bottom + ROW_HEIGHT * data.length,
      marginLeft: MARGIN.left,
      marginRight: MARGIN.right,
      marginTop: MARGIN.top,
      marginBottom: bottom,
      x: { type: scale.type, domain: scale.domain, label: null },
      y: { type: 'band', domain: data.map(({ name }) => name), label: null },
      marks: [
        Plot.gridX(scale.ticks, { stroke: 'var(--grid)', strokeOpacity: 1 }),
        Plot.axisX(scale.ticks, { tickFormat: () => '', tickSize: 0, label: null }),
        tickLabelsX(scale.ticks, (tick) => unit.figure(tick / unit.factor)),
        Plot.axisY({ tickSize: 0, label: null }),
        Plot.text([title.text], {
          frameAnchor: 'bottom',
          // In the middle of the plot, not of its frame.
          dx: (MARGIN.right - MARGIN.left) / 2,
          dy: 24,
          lineAnchor: 'top',
          text: (text: string) => text,
        }),
        ...data.flatMap((one) => [
          Plot.link([one], {
            x1: 'low',
            x2: 'high',
            y1: 'name',
            y2: 'name',
            stroke: one.stroke,
            strokeWidth: 2.5,
            strokeOpacity: 0.55,
          }),
          Plot.dot([one], {
            x: 'x',
            y: 'name',
            symbol: one.symbol,
            r: one.symbol === 'star' ? 3.8 : 3.4,
            fill: one.fill,
            stroke: one.stroke,
            strokeWidth: 1.6,
          }),
          Plot.text([one], {
            y: 'name',
            frameAnchor: 'right',
            textAnchor: 'start',
            dx: 8,
            text: 'text',
            fontVariant: 'tabular-nums',
            fontSize: FONT_SIZE,
          }),
        ]),
      ],
    },
    alternativeOf(dots, frame),
  );
}
