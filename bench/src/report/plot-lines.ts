// A family of subjects along an axis, the others behind it in grey.

import * as Plot from '@observablehq/plot';
import type { Subject } from '../model/measurement.ts';
import type { Row } from '../model/row.ts';
import type { Markup } from './markup.ts';
import { lookOf } from './palette.ts';
import { FONT_SIZE, renderPlot, withinScale } from './plot.ts';
import { axisMarks, frameOptions, labelMarks } from './plot-frame.ts';
import type { LineFrame } from './plot-frame.ts';

/** Pixels between series at the same place, so that intervals do not hide each other. */
const DODGE = 5;

/** What all panels of a metric share, so that they can be compared. */
export interface LinesFrame extends LineFrame {
  readonly axis: { readonly id: string; readonly values: readonly (number | string)[] };
  /** A place on the axis that is worth a mark, for instance the number of cores. */
  readonly mark: { readonly value: number; readonly text: string } | null;
}

interface Point {
  readonly x: string;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

function pointsOf(rows: readonly Row[], subject: string, { axis, unit, scale }: LinesFrame): Point[] {
  return axis.values.flatMap((value) => {
    const row = rows.find((own) => own.subject === subject && own.parameters[axis.id] === value);
    if (row === undefined) return [];
    const { median, low, high } = row.value;
    const [start, end] = [low, high].map((bound) => withinScale(scale, bound * unit.factor)) as [number, number];
    return [{ x: String(value), y: median * unit.factor, low: start, high: end }];
  });
}

function seriesMarks(points: readonly Point[], index: number, count: number): Plot.Markish[] {
  const { color, dash, symbol } = lookOf(index);
  const style = { stroke: color, dx: (index - (count - 1) / 2) * DODGE, x: 'x' };
  const dashed = dash === '' ? {} : { strokeDasharray: dash };
  return [
    Plot.ruleX(points, { ...style, y1: 'low', y2: 'high', strokeWidth: 3, strokeOpacity: 0.45 }),
    Plot.line(points, { ...style, y: 'y', strokeWidth: 1.8, ...dashed }),
    Plot.dot(points, { ...style, y: 'y', symbol, fill: 'var(--page)', r: 3.4, strokeWidth: 1.8 }),
  ];
}

function markMarks({ axis, mark }: LinesFrame): Plot.Markish[] {
  if (mark === null || !axis.values.includes(mark.value)) return [];
  const at = [String(mark.value)];
  return [
    Plot.ruleX(at, { stroke: 'currentColor', strokeOpacity: 0.45, strokeDasharray: '1 3' }),
    Plot.text(at, {
      x: (x: string) => x,
      frameAnchor: 'top',
      dy: -13,
      text: () => mark.text,
      fontSize: FONT_SIZE - 1,
      fillOpacity: 0.8,
    }),
  ];
}

function alternativeOf(subjects: readonly Subject[], rows: readonly Row[], frame: LinesFrame): string {
  const series = subjects.map(({ id }) => {
    const points = pointsOf(rows, id, frame).map(({ x, y }) => `${frame.unit.figure(y / frame.unit.factor)} at ${x}`);
    return `${id} ${points.join(', ')}`;
  });
  return `Line chart of ${frame.unit.label(frame.metricLabel)} against ${frame.axisLabel}: ${series.join('; ')}.`;
}

/** Draws the panel. `rows` may hold other subjects too; those of `context` are drawn in grey. */
export function linesPlot(
  subjects: readonly Subject[],
  context: readonly Subject[],
  rows: readonly Row[],
  frame: LinesFrame,
): Markup {
  const series = subjects.map(({ id }, index) => ({ id, index, points: pointsOf(rows, id, frame) }));
  const ends = series.flatMap(({ id, index, points }) => points.slice(-1).map(({ y }) => ({ id, index, y })));
  return renderPlot(
    {
      ...frameOptions(frame),
      x: { type: 'point', domain: frame.axis.values.map(String), label: null, padding: 0.3 },
      marks: [
        ...axisMarks(frame),
        Plot.axisX({ tickSize: 4, label: null }),
        ...markMarks(frame),
        ...context.map(({ id }) =>
          Plot.line(pointsOf(rows, id, frame), { x: 'x', y: 'y', stroke: 'var(--context)', strokeWidth: 1.2 }),
        ),
        ...series.flatMap(({ points, index }) => seriesMarks(points, index, series.length)),
        ...labelMarks(ends, frame),
      ],
    },
    alternativeOf(subjects, rows, frame),
  );
}
