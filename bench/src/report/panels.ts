// The plots of a scenario, as lists of panels: a family of subjects each, or a choice of parameters each.

import type { Metric, Parameters, ScenarioInfo, Subject } from '../model/measurement.ts';
import type { Report } from '../model/report.ts';
import type { Estimate, Row } from '../model/row.ts';
import { leadIsProved, placings } from './leaders.ts';
import type { Markup } from './markup.ts';
import { familiesOf } from './palette.ts';
import { scaleFor } from './plot.ts';
import type { Scale } from './plot.ts';
import { dotsPlot } from './plot-dots.ts';
import { distributionPlot, oneInMaxOf, quantilePoints } from './plot-distribution.ts';
import { linesPlot } from './plot-lines.ts';
import { UnitScale } from './units.ts';
import { histogramFacets, metricView, parametersText, placesOf, subjectOf } from './view.ts';
import type { Facet, MetricView } from './view.ts';

export interface Panel {
  readonly title: string;
  readonly svg: Markup;
}

/** Panels that belong together, under one heading. */
export interface PanelGroup {
  readonly title: string;
  readonly parameters: Parameters;
  readonly panels: readonly Panel[];
}

/** A plot: groups of panels with the same axes; the first tells most. */
export interface Figure {
  readonly id: string;
  readonly title: string;
  /** How to read it. */
  readonly caption: string;
  readonly groups: readonly PanelGroup[];
}

const isShown = ({ kind }: Subject): boolean => kind !== 'harness';

/** What the bars are. Few rounds cannot give a median an interval of 95 %. */
function intervalText(values: readonly Estimate[]): string {
  const counts = values.map(({ count }) => count);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  if (most < 2) return 'One round: no intervals.';
  const percents = values.filter(({ count }) => count > 1).map(({ confidence }) => Math.round(confidence * 100));
  const [least, greatest] = [Math.min(...percents), Math.max(...percents)];
  const confidence = least === greatest ? `${least}` : `${least} to ${greatest}`;
  return `Bars: ${confidence} % interval of the median of ${fewest === most ? most : `${fewest} to ${most}`} rounds.`;
}

function rowsScale(rows: readonly Row[], { factor }: UnitScale): Scale {
  const ends = rows.flatMap(({ value }) => [value.low * factor, value.high * factor]);
  return scaleFor(
    rows.map(({ value }) => value.median * factor),
    ends,
  );
}

function linesGroup(report: Report, view: MetricView, facet: Facet, subjects: readonly Subject[]): PanelGroup {
  const { info, metric, axis } = view;
  const all = view.facets
    .flatMap(({ rows }) => rows)
    .filter(({ subject }) => subjects.some(({ id }) => id === subject));
  const unit = UnitScale.of(
    metric.unit,
    all.map(({ value }) => value.median),
  );
  const { cores } = report.environment;
  const frame = {
    axis: axis!,
    metricLabel: metric.label,
    axisLabel: axis!.label,
    unit,
    names: subjects.map(({ id }) => id),
    scale: rowsScale(all, unit),
    mark: axis!.id === 'workers' ? { value: cores, text: `${cores} cores` } : null,
  };
  const own = subjects.filter(({ id }) => facet.rows.some(({ subject }) => subject === id));
  const strategies = own.filter(({ kind }) => kind === 'strategy');
  return {
    title: parametersText(info, facet.parameters),
    parameters: facet.parameters,
    panels: familiesOf(own).map((family) => {
      const context = strategies.filter(({ id }) => !family.subjects.some((subject) => subject.id === id));
      return { title: family.title, svg: linesPlot(family.subjects, context, facet.rows, frame) };
    }),
  };
}

/** Panels of dots, one for each facet; all share their axis. */
function dotsPanels(
  report: Report,
  { info, metric }: MetricView,
  facets: readonly Facet[],
  subjects: readonly Subject[],
): Panel[] {
  const shown = (facet: Facet): Facet['rows'] =>
    subjects.flatMap(({ id }) => facet.rows.filter(({ subject }) => subject === id));
  const rows = facets.flatMap(shown);
  const unit = UnitScale.of(
    metric.unit,
    rows.map(({ value }) => value.median),
  );
  const scale = rowsScale(rows, unit);
  return facets.map((facet) => {
    const places = placings(report, metric, facet.rows);
    const dots = shown(facet).map((row) => ({ row, place: places.find((one) => one.row === row)?.place ?? null }));
    return {
      title: parametersText(info, facet.rows[0]!.parameters),
      svg: dotsPlot(dots, { metricLabel: metric.label, unit, scale }, leadIsProved(places)),
    };
  });
}

function dotsLegend({ better }: Metric): string {
  return better === 'neither'
    ? ''
    : ' Star: the best median, green where another is proved to be behind it; square: the data cannot tell it from the star; ring: proved to differ from it.';
}

/** Facets with one place on the axis are no lines: they come last, as dots. */
function linesFigure(report: Report, view: MetricView, subjects: readonly Subject[]): Figure {
  const { info, metric, axis, facets } = view;
  const values = facets.flatMap(({ rows }) => rows.map(({ value }) => value));
  const lines = facets.filter((facet) => placesOf(facet, axis) > 1);
  const single = facets.filter((facet) => placesOf(facet, axis) === 1);
  const dots: PanelGroup = {
    title: `where only one value of ${axis!.label} was measured`,
    parameters: {},
    panels: dotsPanels(report, view, single, subjects),
  };
  return {
    id: `${info.id}-${metric.id}`,
    title: `${metric.label} against ${axis!.label}`,
    caption: `${intervalText(values)} Grey: the other strategies; all panels share their axes.${single.length === 0 ? '' : dotsLegend(metric)}`,
    groups: [
      ...lines.map((facet) => linesGroup(report, view, facet, subjects)),
      ...(single.length === 0 ? [] : [dots]),
    ],
  };
}

function dotsFigure(report: Report, view: MetricView, subjects: readonly Subject[]): Figure {
  const { info, metric, facets } = view;
  const values = facets.flatMap(({ rows }) => rows.map(({ value }) => value));
  const panels = dotsPanels(report, view, facets, subjects);
  return {
    id: `${info.id}-${metric.id}`,
    title: metric.label,
    caption: `${intervalText(values)}${dotsLegend(metric)}`,
    groups: [{ title: '', parameters: {}, panels }],
  };
}

/** The plot of a metric; null where there is nothing to show. */
export function metricFigure(report: Report, info: ScenarioInfo, metric: Metric): Figure | null {
  const view = metricView(report, info, metric);
  if (view === null) return null;
  const present = new Set(view.facets.flatMap(({ rows }) => rows.map(({ subject }) => subject)));
  const subjects = report.subjects.filter((subject) => present.has(subject.id) && isShown(subject));
  if (subjects.length === 0) return null;
  return view.axis === null ? dotsFigure(report, view, subjects) : linesFigure(report, view, subjects);
}

/** The plots of the distributions that the scenario recorded. */
export function distributionFigures(report: Report, info: ScenarioInfo): Figure[] {
  const ids = new Set(report.cells.flatMap((cell) => (cell.scenario === info.id ? Object.keys(cell.histograms) : [])));
  return [...ids].flatMap((id): Figure[] => {
    const label = info.metrics.find((metric) => metric.id === id)?.label ?? id;
    const title = label.replace(/[ ,]*\bp\d+(\.\d+)?\b[ ,]*/, ' ').trim();
    const facets = histogramFacets(report, info, id).map(({ parameters, histograms }) => ({
      parameters,
      histograms: histograms.filter(({ subject }) => isShown(subjectOf(report, subject))),
    }));
    const all = facets.flatMap(({ histograms }) => histograms);
    const oneInMax = oneInMaxOf(all);
    const values = all.flatMap(({ histogram }) =>
      quantilePoints(histogram).flatMap(({ oneIn, value }) => (oneIn <= oneInMax ? [value] : [])),
    );
    if (values.length === 0) return [];
    const unit = UnitScale.of(all[0]!.histogram.unit, values);
    const frame = {
      metricLabel: title,
      axisLabel: '% of the operations end within',
      unit,
      names: report.subjects.filter(isShown).map((subject) => subject.id),
      scale: scaleFor(values.filter((value) => value > 0).map((value) => value * unit.factor)),
      oneInMax,
    };
    const groups = facets.map(({ parameters, histograms }) => {
      const own = report.subjects.filter((subject) => histograms.some((one) => one.subject === subject.id));
      const panels = familiesOf(own).map((family) => {
        const context = own.filter(
          ({ id: other, kind }) => kind === 'strategy' && !family.subjects.some((one) => one.id === other),
        );
        return { title: family.title, svg: distributionPlot(family.subjects, context, histograms, frame) };
      });
      return { title: parametersText(info, parameters), parameters, panels };
    });
    return [
      {
        id: `${info.id}-${id}-distribution`,
        title: `Distribution of ${title}`,
        caption:
          'All rounds together; a curve ends where fewer than ten operations were slower. Grey: the other strategies.',
        groups,
      },
    ];
  });
}
