// A family of subjects along an axis, the others behind it in grey.

import * as Plot from '@observablehq/plot';
import type { Subject } from '../model/measurement.ts';
import type { Row } from '../model/row.ts';
import type { Markup } from './markup.ts';
import { lookOf } from './palette.ts';
import { FONT_SIZE, moveApart, pixelOf, renderPlot } from './plot.ts';
import type { Scale } from './plot.ts';
import type { UnitScale } from './units.ts';

const HEIGHT = 232;
const MARGIN = { left: 46, right: 116, top: 26, bottom: 38 };
/** Pixels between series at the same place, so that intervals do not hide each other. */
const DODGE = 5;
const LABEL_GAP = FONT_SIZE + 2;

/** What all panels of a metric share, so that they can be compared. */
export interface LinesFrame {
  readonly axis: { readonly id: string; readonly label: string; readonly values: readonly (number | string)[] };
  readonly metricLabel: string;
  readonly unit: UnitScale;
  readonly scale: Scale;
  /** A place on the axis that is worth a mark, for instance the number of cores. */
  readonly mark: { readonly value: number; readonly text: string } | null;
}

interface Point {
  readonly x: string;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

function pointsOf(rows: readonly Row[], subject: string, { axis, unit }: LinesFrame): Point[] {
  return axis.values.flatMap((value) => {
    const row = rows.find((own) => own.subject === subject && own.parameters[axis.id] === value);
    if (row === undefined) return [];
    const { median, low, high } = row.value;
    return [{ x: String(value), y: median * unit.factor, low: low * unit.factor, high: high * unit.factor }];
  });
}

function seriesMarks(points: readonly Point[], index: number, count: number): Plot.Markish[] {
  const look = lookOf(index);
  const dx = (index - (count - 1) / 2) * DODGE;
  const color = { stroke: look.color, dx };
  return [
    Plot.ruleX(points, { ...color, x: 'x', y1: 'low', y2: 'high', strokeWidth: 2.5, strokeOpacity: 0.55 }),
    Plot.line(points, {
      ...color,
      x: 'x',
      y: 'y',
      strokeWidth: 1.8,
      ...(look.dash === '' ? {} : { strokeDasharray: look.dash }),
    }),
    Plot.dot(points, { ...color, x: 'x', y: 'y', symbol: look.symbol, fill: 'var(--page)', r: 3.6, strokeWidth: 1.8 }),
  ];
}

function labelMarks(
  ends: readonly { readonly id: string; readonly point: Point; readonly index: number }[],
  scale: Scale,
): Plot.Markish[] {
  const range = [HEIGHT - MARGIN.bottom, MARGIN.top] as const;
  const pixels = ends.map(({ point }) => pixelOf(scale, point.y, range));
  const moved = moveApart(pixels, LABEL_GAP, MARGIN.top, HEIGHT - MARGIN.bottom);
  return ends.map(({ id, index }, at) =>
    Plot.text([id], {
      frameAnchor: 'top-right',
      text: (text: string) => text,
      textAnchor: 'start',
      lineAnchor: 'middle',
      dx: 14,
      dy: moved[at]! - MARGIN.top,
      fill: lookOf(index).color,
      fontWeight: 600,
    }),
  );
}

function alternativeOf(subjects: readonly Subject[], rows: readonly Row[], frame: LinesFrame): string {
  const series = subjects.map(({ id }) => {
    const points = pointsOf(rows, id, frame).map(({ x, y }) => `${frame.unit.figure(y / frame.unit.factor)} at ${x}`);
    return `${id} ${points.join(', ')}`;
  });
  return `Line chart of ${frame.unit.label(frame.metricLabel)} against ${frame.axis.label}: ${series.join('; ')}.`;
}

/** Draws the panel. `rows` may hold other subjects too; those of `context` are drawn in grey. */
export function linesPlot(
  subjects: readonly Subject[],
  context: readonly Subject[],
  rows: readonly Row[],
  frame: LinesFrame,
): Markup {
  const { axis, scale, unit, mark } = frame;
  const series = subjects.map(({ id }, index) => ({ id, index, points: pointsOf(rows, id, frame) }));
  const ends = series.flatMap(({ id, index, points }) =>
    points.length === 0 ? [] : [{ id, index, point: points.at(-1)! }],
  );
  const marked = mark === null || !axis.values.includes(mark.value) ? [] : [mark];
  return renderPlot(
    {
      height: HEIGHT,
      marginLeft: MARGIN.left,
      marginRight: MARGIN.right,
      marginTop: MARGIN.top,
      marginBottom: MARGIN.bottom,
      x: { type: 'point', domain: axis.values.map(String), label: null, padding: 0.3 },
      y: { type: scale.type, domain: scale.domain, label: null },
      marks: [
        Plot.gridY(scale.ticks, { stroke: 'var(--grid)', strokeOpacity: 1 }),
        Plot.axisY(scale.ticks, {
          tickFormat: (tick: number) => unit.figure(tick / unit.factor),
          tickSize: 0,
          label: null,
        }),
        Plot.axisX({ tickSize: 4, label: null }),
        Plot.text([axis.label], { frameAnchor: 'bottom', dy: 32, text: (text: string) => text }),
        Plot.text([unit.label(frame.metricLabel)], {
          frameAnchor: 'top-left',
          textAnchor: 'start',
          dx: -MARGIN.left + 2,
          dy: -22,
          text: (text: string) => text,
        }),
        ...marked.flatMap(({ value, text }) => [
          Plot.ruleX([String(value)], { stroke: 'currentColor', strokeOpacity: 0.45, strokeDasharray: '1 3' }),
          Plot.text([String(value)], {
            x: (x: string) => x,
            frameAnchor: 'top',
            dy: -8,
            text: () => text,
            fontSize: FONT_SIZE - 1,
            fillOpacity: 0.8,
          }),
        ]),
        ...context.map(({ id }) =>
          Plot.line(pointsOf(rows, id, frame), { x: 'x', y: 'y', stroke: 'var(--context)', strokeWidth: 1.2 }),
        ),
        ...series.flatMap(({ points, index }) => seriesMarks(points, index, series.length)),
        ...labelMarks(ends, scale),
      ],
    },
    alternativeOf(subjects, rows, frame),
  );
}
