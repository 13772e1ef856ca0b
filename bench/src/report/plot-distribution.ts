// Distribution of latencies: for each share of the operations, the time within which they ended.

import * as Plot from '@observablehq/plot';
import type { Histogram, Subject } from '../model/measurement.ts';
import type { Markup } from './markup.ts';
import { lookOf } from './palette.ts';
import { FONT_SIZE, moveApart, pixelOf, renderPlot } from './plot.ts';
import type { Scale } from './plot.ts';
import type { UnitScale } from './units.ts';
import type { SubjectHistogram } from './view.ts';

const HEIGHT = 232;
const MARGIN = { left: 46, right: 116, top: 26, bottom: 38 };
const LABEL_GAP = FONT_SIZE + 2;
/** A quantile with fewer values beyond it is chance. */
const VALUES_BEYOND_MIN = 10;
/** Places on the axis: one operation in so many is slower. */
const ONE_IN = [2, 10, 100, 1000, 10_000, 100_000];

export interface DistributionFrame {
  readonly metricLabel: string;
  readonly unit: UnitScale;
  readonly scale: Scale;
  /** End of the axis: one in so many. */
  readonly oneInMax: number;
}

/** A point of the curve: one operation in `oneIn` takes `value` or longer. */
export interface QuantilePoint {
  readonly oneIn: number;
  readonly value: number;
}

/** The curve of a histogram from its median on, as far as there are enough values. Values are floors of buckets. */
export function quantilePoints({ floors, counts }: Histogram): QuantilePoint[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const points: QuantilePoint[] = [];
  let above = total;
  for (let index = 0; index < floors.length; index++) {
    // `above` values are at least this floor.
    if (counts[index]! > 0 && above >= VALUES_BEYOND_MIN) points.push({ oneIn: total / above, value: floors[index]! });
    above -= counts[index]!;
  }
  const first = points.findIndex(({ oneIn }) => oneIn >= 2);
  // The bucket that holds the median begins below it: the curve starts there, at the median.
  return first < 0 ? [] : [{ oneIn: 2, value: points[Math.max(0, first - 1)]!.value }, ...points.slice(first)];
}

function percentText(oneIn: number): string {
  return `${Number((100 - 100 / oneIn).toPrecision(6))} %`;
}

/** The largest place on the axis that some histogram reaches. */
export function oneInMaxOf(histograms: readonly SubjectHistogram[]): number {
  const reached = Math.max(
    ...histograms.flatMap(({ histogram }) => quantilePoints(histogram).map(({ oneIn }) => oneIn)),
    10,
  );
  return Math.max(10, ...ONE_IN.filter((oneIn) => oneIn <= reached * 1.01));
}

function alternativeOf(
  series: readonly { readonly id: string; readonly points: readonly QuantilePoint[] }[],
  { unit, metricLabel }: DistributionFrame,
): string {
  const texts = series.map(({ id, points }) => {
    const at = ONE_IN.slice(0, 4).flatMap((oneIn) => {
      const point = points.findLast((candidate) => candidate.oneIn <= oneIn * 1.001);
      return point === undefined || points.at(-1)!.oneIn < oneIn
        ? []
        : [`${percentText(oneIn)} within ${unit.text(point.value)}`];
    });
    return `${id} ${at.join(', ')}`;
  });
  return `Distribution of ${metricLabel}, as shares of operations: ${texts.join('; ')}.`;
}

/** Draws the panel. `histograms` may hold other subjects too; those of `context` are drawn in grey. */
export function distributionPlot(
  subjects: readonly Subject[],
  context: readonly Subject[],
  histograms: readonly SubjectHistogram[],
  frame: DistributionFrame,
): Markup {
  const { unit, scale, oneInMax } = frame;
  const pointsOf = (id: string): QuantilePoint[] => {
    const found = histograms.find(({ subject }) => subject === id);
    return found === undefined ? [] : quantilePoints(found.histogram).filter(({ oneIn }) => oneIn <= oneInMax);
  };
  const series = subjects
    .map(({ id }, index) => ({ id, index, points: pointsOf(id) }))
    .filter(({ points }) => points.length > 0);
  const range = [HEIGHT - MARGIN.bottom, MARGIN.top] as const;
  const ends = series.map(({ points }) => pixelOf(scale, points.at(-1)!.value * unit.factor, range));
  const labels = moveApart(ends, LABEL_GAP, MARGIN.top, HEIGHT - MARGIN.bottom);
  const line = { x: 'oneIn', y: (point: QuantilePoint) => point.value * unit.factor } as const;
  return renderPlot(
    {
      height: HEIGHT,
      marginLeft: MARGIN.left,
      marginRight: MARGIN.right,
      marginTop: MARGIN.top,
      marginBottom: MARGIN.bottom,
      x: { type: 'log', domain: [2, oneInMax], label: null },
      y: { type: scale.type, domain: scale.domain, label: null },
      marks: [
        Plot.gridY(scale.ticks, { stroke: 'var(--grid)', strokeOpacity: 1 }),
        Plot.axisY(scale.ticks, {
          tickFormat: (tick: number) => unit.figure(tick / unit.factor),
          tickSize: 0,
          label: null,
        }),
        Plot.axisX(
          ONE_IN.filter((oneIn) => oneIn <= oneInMax),
          { tickFormat: percentText, tickSize: 4, label: null },
        ),
        Plot.text(['of the operations end within'], { frameAnchor: 'bottom', dy: 32, text: (text: string) => text }),
        Plot.text([unit.label(frame.metricLabel)], {
          frameAnchor: 'top-left',
          textAnchor: 'start',
          dx: -MARGIN.left + 2,
          dy: -22,
          text: (text: string) => text,
        }),
        ...context.map(({ id }) => Plot.line(pointsOf(id), { ...line, stroke: 'var(--context)', strokeWidth: 1.2 })),
        ...series.flatMap(({ id, index, points }, at) => {
          const { color, dash } = lookOf(index);
          return [
            Plot.line(points, {
              ...line,
              stroke: color,
              strokeWidth: 1.9,
              ...(dash === '' ? {} : { strokeDasharray: dash }),
            }),
            Plot.text([id], {
              frameAnchor: 'top-right',
              textAnchor: 'start',
              lineAnchor: 'middle',
              dx: 8,
              dy: labels[at]! - MARGIN.top,
              fill: color,
              fontWeight: 600,
              text: (text: string) => text,
            }),
          ];
        }),
      ],
    },
    alternativeOf(series, frame),
  );
}
