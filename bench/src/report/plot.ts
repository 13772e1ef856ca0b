// Plots as static SVG, by Observable Plot on a server-side document: no script runs in the reader's browser.
//
// RULES
//   1. A plot is as wide as a phone's page, so that its text is never scaled down; the page sets several side by side.
//   2. Colours are CSS variables and currentColor: the page switches them between light and dark.
//   3. Every plot has a text that says what it shows to those who cannot see it.

import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { Markup, escapeText } from './markup.ts';

/** Width of every plot, in CSS pixels: a phone's 390 without margins. */
export const WIDTH = 352;
export const FONT_SIZE = 12;
export const LINE_HEIGHT = 14;

/** What is used of an SVG element: the types of a browser are not among those of this package. */
interface SvgElement {
  readonly outerHTML: string;
  querySelector(selector: string): { remove(): void } | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
}

/** Values of an axis, in the unit that is shown. */
export interface Scale {
  readonly type: 'linear' | 'log';
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
}

/** Ranges wider than this are shown on a logarithmic axis: on a linear one the small would lie on its edge. */
const LOG_FROM = 25;
/** Room below the least figure for the intervals, as a factor. */
const LOG_ROOM = 3;

function logTicks(low: number, high: number): number[] {
  const decades: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    decades.push(10 ** power);
  const within = (ticks: number[]): number[] => ticks.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
  const candidates = [[1], [1, 3], [1, 2, 5]].map((steps) =>
    within(decades.flatMap((ten) => steps.map((step) => step * ten))),
  );
  const sparse = candidates[0]!.length > 5 ? candidates[0]!.filter((_, index) => index % 2 === 0) : candidates[0]!;
  return candidates[0]!.length >= 3 ? sparse : (candidates.find(({ length }) => length >= 3) ?? candidates.at(-1)!);
}

const STEPS = [1, 2, 2.5, 5, 10];

function linearTicks(high: number): number[] {
  const rough = high / 4;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = STEPS.map((factor) => factor * ten).find((candidate) => candidate >= rough)!;
  return Array.from({ length: Math.floor(high / step + 1e-9) + 1 }, (_, index) =>
    Number((index * step).toPrecision(6)),
  );
}

/**
 * An axis for figures and the ends of their intervals. Linear ones begin at 0: a cut-off axis makes small differences look
 * large. Whether it is logarithmic depends on the figures alone; an interval that reaches 0 then ends at the axis.
 */
export function scaleFor(figures: readonly number[], ends: readonly number[] = []): Scale {
  const finite = [...figures, ...ends].filter(Number.isFinite);
  const high = Math.max(...finite);
  const low = Math.min(...finite);
  if (finite.length === 0 || high <= 0) return { type: 'linear', domain: [Math.min(0, low), 1], ticks: [0, 1] };
  const least = Math.min(...figures.filter(Number.isFinite));
  if (least > 0 && high / least > LOG_FROM) {
    const start = Math.max(low, least / LOG_ROOM);
    const domain = [start * 0.85, high * 1.15] as const;
    return { type: 'log', domain, ticks: logTicks(...domain) };
  }
  const domain = [Math.min(0, low), high * 1.08] as const;
  return { type: 'linear', domain, ticks: linearTicks(domain[1]) };
}

/** A value, or the axis' end where it lies beyond. */
export function withinScale({ domain }: Scale, value: number): number {
  return Math.min(domain[1], Math.max(domain[0], value));
}

/** Place of a value on the axis, in pixels; `range` has the pixels of the domain's ends. */
export function pixelOf({ type, domain }: Scale, value: number, range: readonly [number, number]): number {
  const place = (of: number): number => (type === 'log' ? Math.log(of) : of);
  const share = (place(value) - place(domain[0])) / (place(domain[1]) - place(domain[0]));
  return range[0] + share * (range[1] - range[0]);
}

/** The places moved apart as little as needed to be `gap` apart, within `low` and `high`; in the order given. */
export function moveApart(places: readonly number[], gap: number, low: number, high: number): number[] {
  const order = places.map((_, index) => index).toSorted((left, right) => places[left]! - places[right]!);
  const moved = order.map((index) => places[index]!);
  for (let index = 0; index < moved.length; index++) {
    moved[index] = Math.max(moved[index]!, index === 0 ? low : moved[index - 1]! + gap);
  }
  for (let index = moved.length - 1; index >= 0; index--) {
    moved[index] = Math.min(moved[index]!, index === moved.length - 1 ? high : moved[index + 1]! - gap);
  }
  const result = new Array<number>(places.length);
  order.forEach((at, index) => (result[at] = moved[index]!));
  return result;
}

/**
 * Labels of a vertical axis. Plot's own axis leaves out most of them on a logarithmic scale, whatever ticks it is given.
 */
export function tickLabelsY(ticks: readonly number[], text: (tick: number) => string): Plot.Markish {
  return Plot.text(ticks, { y: (tick: number) => tick, frameAnchor: 'left', textAnchor: 'end', dx: -7, text });
}

/** Labels of a horizontal axis, likewise. */
export function tickLabelsX(ticks: readonly number[], text: (tick: number) => string): Plot.Markish {
  return Plot.text(ticks, { x: (tick: number) => tick, frameAnchor: 'bottom', dy: 15, text });
}

/** A title, broken into two lines where it is longer than a plot is wide. */
export function wrapTitle(title: string): { readonly text: string; readonly extraLines: number } {
  if (textWidth([title]) <= WIDTH) return { text: title, extraLines: 0 };
  const end = title.lastIndexOf(' ', Math.floor(title.length * (WIDTH / textWidth([title]))));
  return { text: `${title.slice(0, end)}\n${title.slice(end + 1)}`, extraLines: 1 };
}

/** Pixels that the longest of these texts takes, in the widest of usual fonts. */
export function textWidth(texts: readonly string[], isBold = false): number {
  return Math.max(0, ...texts.map(({ length }) => length)) * FONT_SIZE * (isBold ? 0.63 : 0.58);
}

/** Draws the plot; `alternative` is read out in its place. */
export function renderPlot(options: Plot.PlotOptions, alternative: string): Markup {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const svg = Plot.plot({
    width: WIDTH,
    style: { fontSize: `${FONT_SIZE}px` },
    ...options,
    document,
  }) as unknown as SvgElement;
  // Its style sheet would be repeated for each plot; the page has one for all.
  svg.querySelector('style')?.remove();
  for (const name of ['class', 'font-family', 'font-size', 'style', 'width', 'height']) svg.removeAttribute(name);
  svg.setAttribute('class', 'plot');
  svg.setAttribute('role', 'img');
  const [start, ...rest] = withoutNoise(svg.outerHTML).split('<svg');
  return new Markup(`${start}<svg aria-label="${escapeText(alternative)}"${rest.join('<svg')}`);
}

/** Shortens coordinates to hundredths of a pixel, and drops labels that an image's content must not have. */
function withoutNoise(source: string): string {
  const shorten = (tag: string): string =>
    tag
      .replace(/ aria-(?:label|hidden)="[^"]*"/g, '')
      .replace(/-?\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2))));
  return source.replace(/<[^>]*>/g, shorten);
}
