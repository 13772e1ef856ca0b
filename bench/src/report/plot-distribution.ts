// Distribution of latencies: for each share of the operations, the time within which they ended.

import * as Plot from '@observablehq/plot';
import type { Histogram, Subject } from '../model/measurement.ts';
import type { Markup } from './markup.ts';
import { lookOf } from './palette.ts';
import { renderPlot, tickLabelsX } from './plot.ts';
import { axisMarks, frameOptions, labelMarks } from './plot-frame.ts';
import type { LineFrame } from './plot-frame.ts';
import type { SubjectHistogram } from './view.ts';

/** A quantile with fewer values beyond it is chance. */
const VALUES_BEYOND_MIN = 10;
/** Places on the axis: one operation in so many is slower. */
const ONE_IN = [2, 10, 100, 1000, 10_000];

export interface DistributionFrame extends LineFrame {
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

/** The value of the curve at a place, between its points as the line is drawn; null beyond its end. */
function valueAt(points: readonly QuantilePoint[], oneIn: number): number | null {
  const after = points.findIndex((point) => point.oneIn >= oneIn * 0.999);
  if (after <= 0) return after === 0 ? points[0]!.value : null;
  const [left, right] = [points[after - 1]!, points[after]!];
  const share = Math.min(1, Math.log(oneIn / left.oneIn) / Math.log(right.oneIn / left.oneIn));
  return left.value * (right.value / left.value) ** share;
}

const percentText = (oneIn: number): string => String(Number((100 - 100 / oneIn).toPrecision(6)));

/** The last place on the axis that some histogram reaches. */
export function oneInMaxOf(histograms: readonly SubjectHistogram[]): number {
  const reached = Math.max(
    0,
    ...histograms.flatMap(({ histogram }) => quantilePoints(histogram).map(({ oneIn }) => oneIn)),
  );
  return Math.max(10, ...ONE_IN.filter((oneIn) => oneIn <= reached * 1.01));
}

interface Series {
  readonly id: string;
  readonly index: number;
  readonly points: readonly QuantilePoint[];
}

function alternativeOf(series: readonly Series[], { unit, metricLabel, oneInMax }: DistributionFrame): string {
  const texts = series.map(({ id, points }) => {
    const at = ONE_IN.filter((oneIn) => oneIn <= oneInMax).flatMap((oneIn) => {
      const value = valueAt(points, oneIn);
      return value === null ? [] : [`${percentText(oneIn)} % within ${unit.text(value)}`];
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
  const { unit, oneInMax } = frame;
  const ticks = ONE_IN.filter((oneIn) => oneIn <= oneInMax);
  const pointsOf = (id: string): QuantilePoint[] => {
    const found = histograms.find(({ subject }) => subject === id);
    return found === undefined ? [] : quantilePoints(found.histogram).filter(({ oneIn }) => oneIn <= oneInMax);
  };
  const series = subjects
    .map(({ id }, index) => ({ id, index, points: pointsOf(id) }))
    .filter(({ points }) => points.length > 0);
  const place = { x: 'oneIn', y: (point: QuantilePoint) => point.value * unit.factor } as const;
  return renderPlot(
    {
      ...frameOptions(frame),
      x: { type: 'log', domain: [2, oneInMax], label: null },
      marks: [
        ...axisMarks(frame),
        Plot.axisX(ticks, { tickFormat: () => '', tickSize: 4, label: null }),
        tickLabelsX(ticks, percentText),
        ...context.map(({ id }) => Plot.line(pointsOf(id), { ...place, stroke: 'var(--context)', strokeWidth: 1.2 })),
        ...series.flatMap(({ index, points }) => {
          const { color, dash, symbol } = lookOf(index);
          const dashed = dash === '' ? {} : { strokeDasharray: dash };
          const marked = ticks.flatMap((oneIn) => {
            const value = valueAt(points, oneIn);
            return value === null ? [] : [{ oneIn, value }];
          });
          return [
            Plot.line(points, { ...place, stroke: color, strokeWidth: 1.8, ...dashed }),
            Plot.dot(marked, { ...place, symbol, stroke: color, fill: 'var(--page)', r: 3, strokeWidth: 1.6 }),
          ];
        }),
        ...labelMarks(
          series.map(({ id, index, points }) => ({ id, index, y: points.at(-1)!.value * unit.factor })),
          frame,
        ),
      ],
    },
    alternativeOf(series, frame),
  );
}
