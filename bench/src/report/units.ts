// Figures with units, as text: one scale for all figures that are read side by side.

interface Step {
  readonly from: number;
  readonly factor: number;
  readonly unit: string;
}

const TIMES: readonly Step[] = [
  { from: 1e9, factor: 1e-9, unit: 's' },
  { from: 1e6, factor: 1e-6, unit: 'ms' },
  { from: 1e3, factor: 1e-3, unit: 'µs' },
  { from: 0, factor: 1, unit: 'ns' },
];

function timesFrom(nsPerUnit: number): Step[] {
  return TIMES.map(({ from, factor, unit }) => ({ from: from / nsPerUnit, factor: factor * nsPerUnit, unit }));
}

const BYTES: readonly Step[] = [
  { from: 2 ** 30, factor: 2 ** -30, unit: 'GiB' },
  { from: 2 ** 20, factor: 2 ** -20, unit: 'MiB' },
  { from: 2 ** 10, factor: 2 ** -10, unit: 'KiB' },
  { from: 0, factor: 1, unit: 'bytes' },
];

/** Larger steps of the units that have them; all others are shown as they are. */
const STEPS: Readonly<Record<string, readonly Step[]>> = {
  ns: timesFrom(1),
  us: timesFrom(1e3),
  ms: timesFrom(1e6),
  s: timesFrom(1e9),
  bytes: BYTES,
  'ops/s': [
    { from: 1e6, factor: 1e-6, unit: 'million ops/s' },
    { from: 1e3, factor: 1e-3, unit: 'thousand ops/s' },
    { from: 0, factor: 1, unit: 'ops/s' },
  ],
  count: [{ from: 0, factor: 1, unit: '' }],
  ratio: [{ from: 0, factor: 1, unit: '' }],
};

/** True for units of time: their ranges are wide, and their axes logarithmic. */
export function isTime(unit: string): boolean {
  return unit === 'ns' || unit === 'us' || unit === 'ms' || unit === 's';
}

/** About three digits that count; a dash when there is none. */
export function figure(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1e6) return value.toExponential(2);
  if (size >= 100 || Number.isInteger(value)) return value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, '\u202f');
  if (size >= 10) return value.toFixed(1);
  if (size >= 0.1) return value.toFixed(2);
  return size >= 0.001 ? value.toFixed(4) : value.toExponential(1);
}

/** A scale for figures of one unit: what to multiply them by, and the unit they then have. */
export class UnitScale {
  readonly factor: number;
  /** Empty for counts and ratios. */
  readonly unit: string;

  private constructor(step: Step) {
    this.factor = step.factor;
    this.unit = step.unit;
  }

  /** The scale in which the median of these figures reads well. */
  static of(unit: string, values: readonly number[]): UnitScale {
    const sizes = values.map(Math.abs).filter((size) => size > 0 && Number.isFinite(size));
    const middle = sizes.toSorted((left, right) => left - right)[sizes.length >> 1] ?? 0;
    const steps = STEPS[unit] ?? [{ from: 0, factor: 1, unit }];
    return new UnitScale(steps.find(({ from }) => middle >= from) ?? steps.at(-1)!);
  }

  /** The figure alone, for a column or an axis that names the unit. */
  figure(value: number | null): string {
    return figure(value === null ? null : value * this.factor);
  }

  /** The figure with its unit. */
  text(value: number | null): string {
    return this.unit === '' ? this.figure(value) : `${this.figure(value)} ${this.unit}`;
  }

  /** A label with the unit behind it. */
  label(text: string): string {
    return this.unit === '' ? text : `${text}, ${this.unit}`;
  }
}

/** One figure with the unit that suits it. */
export function valueText(value: number | null, unit: string): string {
  return value === null ? '–' : UnitScale.of(unit, [value]).text(value);
}

/** A p value: never 0, and no digits that mean nothing. */
export function pText(p: number): string {
  if (p < 0.0001) return '< 0.0001';
  return p < 0.01 ? p.toFixed(4) : p.toFixed(2);
}

/** A change of a ratio around 1, in percent with its sign. */
export function changeText(ratio: number): string {
  const percent = (ratio - 1) * 100;
  const digits = Math.abs(percent) < 10 ? 1 : 0;
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(digits)} %`;
}
