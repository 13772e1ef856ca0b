// What plots with labelled lines have in common: their margins, their axes, and the labels at the ends of the lines.

import * as Plot from '@observablehq/plot';
import { lookOf } from './palette.ts';
import { FONT_SIZE, LINE_HEIGHT, moveApart, pixelOf, textWidth, tickLabelsY, wrapTitle } from './plot.ts';
import type { Scale } from './plot.ts';
import type { UnitScale } from './units.ts';

export const HEIGHT = 240;
const TOP = 38;
const BOTTOM = 38;
const LABEL_GAP = FONT_SIZE + 2;
/** From the end of the axis to the sample of a label, and from there to its text. */
const SAMPLE_AT = 14;
const TEXT_AT = SAMPLE_AT + 9;

/** Vertical axis and names, shared by all panels of a figure. */
export interface LineFrame {
  readonly metricLabel: string;
  readonly axisLabel: string;
  readonly unit: UnitScale;
  readonly scale: Scale;
  /** All names that occur in some panel: the longest decides about the margin. */
  readonly names: readonly string[];
}

/** The end of a line, to be labelled. */
export interface LineEnd {
  readonly id: string;
  /** Place in the family. */
  readonly index: number;
  /** In the unit that is shown. */
  readonly y: number;
}

const tickText = ({ unit }: LineFrame, tick: number): string => unit.figure(tick / unit.factor);

/** Room above the axes: for the title, and for marks. */
function topOf({ unit, metricLabel }: LineFrame): number {
  return TOP + wrapTitle(unit.label(metricLabel)).extraLines * LINE_HEIGHT;
}

/** Options of the plot that follow from the frame. */
export function frameOptions(
  frame: LineFrame,
): Plot.PlotOptions & { readonly marginLeft: number; readonly marginRight: number } {
  const { scale, names } = frame;
  return {
    height: HEIGHT,
    marginTop: topOf(frame),
    marginBottom: BOTTOM,
    marginLeft: 12 + textWidth(scale.ticks.map((tick) => tickText(frame, tick))),
    marginRight: TEXT_AT + textWidth(names, true),
    y: { type: scale.type, domain: scale.domain, axis: null },
  };
}

/** Grid, vertical axis and the titles of both axes. */
export function axisMarks(frame: LineFrame): Plot.Markish[] {
  const { marginLeft } = frameOptions(frame);
  const { scale, unit, metricLabel, axisLabel } = frame;
  const constant = { text: (text: string) => text };
  return [
    Plot.gridY(scale.ticks, { stroke: 'var(--grid)', strokeOpacity: 1 }),
    tickLabelsY(scale.ticks, (tick) => tickText(frame, tick)),
    Plot.text([axisLabel], { ...constant, frameAnchor: 'bottom', dy: 32 }),
    Plot.text([wrapTitle(unit.label(metricLabel)).text], {
      ...constant,
      frameAnchor: 'top-left',
      textAnchor: 'start',
      dx: 2 - marginLeft,
      dy: 4 - topOf(frame),
      lineAnchor: 'top',
    }),
  ];
}

/** Labels right of the lines' ends, each with its symbol, moved apart where they would overlap. */
export function labelMarks(ends: readonly LineEnd[], frame: LineFrame): Plot.Markish[] {
  const top = topOf(frame);
  const pixels = ends.map(({ y }) => pixelOf(frame.scale, y, [HEIGHT - BOTTOM, top]));
  const moved = moveApart(pixels, LABEL_GAP, top, HEIGHT - BOTTOM);
  return ends.flatMap(({ id, index }, at) => {
    const { color, symbol } = lookOf(index);
    const place = { frameAnchor: 'top-right', dy: moved[at]! - top } as const;
    return [
      Plot.dot([id], { ...place, dx: SAMPLE_AT, symbol, r: 3.2, stroke: color, strokeWidth: 1.8 }),
      Plot.text([id], {
        ...place,
        dx: TEXT_AT,
        text: (text: string) => text,
        textAnchor: 'start',
        lineAnchor: 'middle',
        fill: color,
        fontWeight: 600,
      }),
    ];
  });
}
