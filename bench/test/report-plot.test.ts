import { describe, expect, it } from 'vitest';
import { moveApart, pixelOf, scaleFor, withinScale } from '../src/report/plot.ts';
import { oneInMaxOf, quantilePoints } from '../src/report/plot-distribution.ts';
import { SERIES_MAX, familiesOf } from '../src/report/palette.ts';
import { STRATEGIES } from '../src/strategies.ts';

describe('an axis', () => {
  it('begins at zero, so that small differences look small', () => {
    expect(scaleFor([90, 100])).toMatchObject({ type: 'linear', domain: [0, 108] });
  });
  it('is logarithmic where the range is wide', () => expect(scaleFor([1, 1000]).type).toBe('log'));
  it('is linear where a value is zero', () => expect(scaleFor([0, 1000]).type).toBe('linear'));
  it.each([[[0.2, 0.3]], [[3, 7]], [[1, 900]], [[2, 60]], [[1e-3, 1e6]], [[120, 4200]]])(
    'has readable ticks for %j',
    (values) => {
      const { ticks, domain } = scaleFor(values);
      expect(ticks.length).toBeGreaterThanOrEqual(3);
      expect(ticks.length).toBeLessThanOrEqual(8);
      for (const tick of ticks)
        expect(tick).toSatisfy((at: number) => at >= domain[0] * 0.999 && at <= domain[1] * 1.001);
    },
  );
  it('is logarithmic although an interval reaches zero, which then ends at the axis', () => {
    const scale = scaleFor([1, 1000], [0, 1200]);
    expect(scale.type).toBe('log');
    expect(withinScale(scale, 0)).toBe(scale.domain[0]);
    expect(scale.domain[0]).toBeLessThan(1);
  });
  it('has ticks when all values are zero', () => expect(scaleFor([0, 0]).ticks).toEqual([0, 1]));
  it('places values by their logarithm', () => {
    expect(pixelOf({ type: 'log', domain: [1, 100], ticks: [] }, 10, [100, 0])).toBeCloseTo(50);
  });
});

describe('labels', () => {
  const gaps = (places: number[]): number[] =>
    places.toSorted((a, b) => a - b).map((place, at, all) => place - (all[at - 1] ?? -99));
  it('stay where they do not overlap', () => expect(moveApart([10, 90, 50], 14, 0, 100)).toEqual([10, 90, 50]));
  it('move apart where they would', () => {
    const moved = moveApart([50, 51, 50, 99], 14, 0, 100);
    expect(Math.min(...gaps(moved))).toBeGreaterThanOrEqual(14);
    expect(Math.max(...moved)).toBeLessThanOrEqual(100);
  });
  it('keep their order', () => {
    const [low, middle, high] = moveApart([50, 50.1, 50.2], 14, 0, 100);
    expect(low! < middle! && middle! < high!).toBe(true);
  });
});

describe('a distribution', () => {
  const histogram = { unit: 'us', floors: [1, 2, 4, 8], counts: [600, 300, 90, 10], min: 1, max: 9 };
  it('says within what time which share ended', () => {
    expect(quantilePoints(histogram)).toEqual([
      { oneIn: 2, value: 1 },
      { oneIn: 2.5, value: 2 },
      { oneIn: 10, value: 4 },
      { oneIn: 100, value: 8 },
    ]);
  });
  it('ends where fewer than ten values are left', () => {
    const thin = { ...histogram, counts: [600, 300, 91, 9] };
    expect(quantilePoints(thin).at(-1)).toMatchObject({ value: 4 });
  });
  it('is empty without values', () => expect(quantilePoints({ ...histogram, counts: [0, 0, 0, 0] })).toEqual([]));
  it('decides how far the axis goes', () => expect(oneInMaxOf([{ subject: 'a', histogram }])).toBe(100));
});

describe('families of one plot', () => {
  const subjects = STRATEGIES.map(({ id }) => ({ id, kind: 'strategy' as const, title: id }));
  it('hold every subject once', () => {
    expect(familiesOf(subjects).flatMap((family) => family.subjects)).toEqual(subjects);
  });
  it('are small enough to be told apart', () => {
    const peers = Array.from({ length: 11 }, (_, index) => ({ id: `p${index}`, kind: 'peer' as const, title: '' }));
    const families = familiesOf([...subjects, ...peers]);
    expect(Math.max(...families.map((family) => family.subjects.length))).toBeLessThanOrEqual(SERIES_MAX);
  });
});
