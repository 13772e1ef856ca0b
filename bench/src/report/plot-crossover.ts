// How kinds of RCU stand against the best lock at each share of writes, and where they fall behind it.

import * as Plot from '@observablehq/plot';
import type { Report } from '../model/report.ts';
import type { ScenarioInfo } from '../model/measurement.ts';
import { findCrossovers, shortCrossover } from '../scenarios/answers/write-share.ts';
import type { FoundCrossover } from '../scenarios/answers/write-share.ts';
import { lookOf } from './palette.ts';
import type { Figure } from './panels.ts';
import { renderPlot, scaleFor, tickLabelsX, withinScale } from './plot.ts';
import { axisMarks, frameOptions, labelMarks } from './plot-frame.ts';
import type { LineFrame } from './plot-frame.ts';
import { UnitScale } from './units.ts';

/** Of the axis, between two labels. */
const LABEL_SHARE_MIN = 0.07;

interface Point {
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

function pointsOf({ crossover, shares }: FoundCrossover, { scale }: LineFrame): Point[] {
  return shares.map((x, index) => {
    const { low, high } = crossover.intervals[index]!;
    return {
      x,
      y: crossover.ratios[index]!,
      low: withinScale(scale, low),
      high: withinScale(scale, high),
    };
  });
}

/** Those of the ascending places that are far enough from the one before to be labelled. */
function apart(places: readonly number[]): number[] {
  const gap = LABEL_SHARE_MIN * (places.at(-1)! - places[0]!);
  return places.reduce<number[]>(
    (kept, place) => (place - (kept.at(-1) ?? -Infinity) < gap ? kept : [...kept, place]),
    [],
  );
}

/** The curve, its intervals, and on the line of equality where it falls behind. */
function curveMarks(found: FoundCrossover, index: number, frame: LineFrame): Plot.Markish[] {
  const { color, dash, symbol } = lookOf(index);
  const { x, low, high } = found.crossover;
  const points = pointsOf(found, frame);
  const dashed = dash === '' ? {} : { strokeDasharray: dash };
  const crossing = x === null ? [] : [{ x, low, high }];
  return [
    Plot.ruleX(points, { x: 'x', y1: 'low', y2: 'high', stroke: color, strokeWidth: 3, strokeOpacity: 0.45 }),
    Plot.line(points, { x: 'x', y: 'y', stroke: color, strokeWidth: 1.8, ...dashed }),
    Plot.dot(points, { x: 'x', y: 'y', symbol, stroke: color, fill: 'var(--page)', r: 3.4, strokeWidth: 1.8 }),
    Plot.ruleY(crossing, { y: 1, x1: 'low', x2: 'high', stroke: color, strokeWidth: 8, strokeOpacity: 0.4 }),
    Plot.dot(crossing, { x: 'x', y: 1, symbol: 'diamond', fill: color, r: 5 }),
  ];
}

/** The plot of a scenario that varies the share of writes; none for any other, or with too few rounds. */
export function crossoverFigures(report: Pick<Report, 'rows'>, info: ScenarioInfo): Figure[] {
  const rows = report.rows.filter(({ scenario }) => scenario === info.id);
  const found = info.parameters.some(({ id }) => id === 'writes') ? findCrossovers(rows, info) : [];
  if (found.length === 0) return [];
  const ratios = found.flatMap(({ crossover }) => crossover.ratios);
  const ends = found.flatMap(({ crossover }) => crossover.intervals.flatMap(({ low, high }) => [low, high]));
  const frame: LineFrame = {
    metricLabel: 'throughput over that of the best lock',
    axisLabel: 'writes, %',
    unit: UnitScale.of('ratio', ratios),
    scale: scaleFor([...ratios, 1], ends),
    names: found.map(({ id }) => id),
  };
  const { shares } = found[0]!;
  const texts = found.map(({ id, crossover }) => shortCrossover(id, crossover));
  const svg = renderPlot(
    {
      ...frameOptions(frame),
      x: { type: 'linear', domain: [shares[0]!, shares.at(-1)!], label: null, axis: null, inset: 6 },
      marks: [
        ...axisMarks(frame),
        Plot.axisX(shares, { tickFormat: () => '', tickSize: 4, label: null }),
        tickLabelsX(apart(shares), String),
        Plot.ruleY([1], { stroke: 'currentColor', strokeOpacity: 0.6 }),
        ...found.flatMap((own, index) => curveMarks(own, index, frame)),
        ...labelMarks(
          found.map(({ id, crossover }, index) => ({ id, index, y: crossover.ratios.at(-1)! })),
          frame,
        ),
      ],
    },
    `Line chart of throughput over that of the best lock against the share of writes: ${found
      .map(({ id, crossover }) => `${id} ${crossover.ratios.map((ratio) => ratio.toFixed(2)).join(', ')}`)
      .join('; ')}. ${texts.join('; ')}.`,
  );
  return [
    {
      id: `${info.id}-crossover`,
      title: 'Where RCU falls behind the best lock',
      caption: `${texts.join('; ')}. Above 1 it is ahead. Bars: 95 % intervals; a diamond on the line of equality is where it falls behind, with its interval. The best lock is told in the rounds left out of each resample.`,
      groups: [{ title: '', parameters: {}, panels: [{ title: '', svg }] }],
    },
  ];
}
