import { describe, expect, it } from 'vitest';
import { LatencyHistogram, LatencyRecorder, joinSeries, percentilesOf } from '../src/latencies.ts';
import { Random } from '../src/random.ts';

const of = (us: readonly number[]): LatencyHistogram => {
  const histogram = new LatencyHistogram();
  for (const value of us) histogram.record(value / 1000);
  return histogram;
};

describe('latencies', () => {
  it('are taken by series, and only once', () => {
    const recorder = new LatencyRecorder();
    recorder.record(0.003, 1);
    recorder.record(0.001, 0);
    recorder.record(0.002, 1);
    const batch = recorder.take();
    expect(joinSeries([batch], [1])).toMatchObject({ samples: 2, maxUs: 3 });
    expect(joinSeries([batch, batch], [0, 1])).toMatchObject({ samples: 6, maxUs: 3 });
    expect(recorder.take().size).toBe(0);
  });

  it('give no percentile for which there are too few', () => {
    const { samples, p50, p99, p999, max } = percentilesOf(of(Array.from({ length: 1000 }, (_, index) => index + 1)));
    expect({ samples, p999, max }).toEqual({ samples: 1000, p999: null, max: 1000 });
    expect(p50! / 500).toBeCloseTo(1, 2);
    expect(p99! / 990).toBeCloseTo(1, 2);
    expect(percentilesOf(of([]))).toEqual({ samples: 0, p50: null, p99: null, p999: null, max: null });
  });

  it('are off by at most 0.4 %, over all magnitudes', () => {
    const random = new Random(11);
    for (let step = 0; step < 5000; step++) {
      const us = 2 ** (random.below(3800) / 100 - 9);
      // The other two keep the answer from being the exact least or greatest.
      const found = of([us, us / 1000, us * 1000]).quantileUs(0.5)!;
      expect(Math.abs(found / us - 1), `${us} us`).toBeLessThan(us < 0.128 ? 0.5 : 0.004);
    }
  });

  it('drop nothing, however many there are', () => {
    const recorder = new LatencyRecorder();
    const count = 2 ** 21 + 7;
    recorder.record(123.456, 0);
    for (let step = 1; step < count; step++) recorder.record(0.001, 0);
    const all = joinSeries([recorder.take()], [0]);
    expect(all).toMatchObject({ samples: count, maxUs: 123_456 });
    expect(all.toModel()!.counts.reduce((sum, own) => sum + own, 0)).toBe(count);
  });

  it('keep the extremes in a histogram, beyond the last bucket too', () => {
    const { floors, counts, min, max } = of([0.01, 0.05, 1, 1.01, 100, 4e9]).toModel()!;
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(6);
    expect([min, max]).toEqual([0.01, 4e9]);
    expect(floors).toEqual(floors.toSorted((left, right) => left - right));
    expect(of([]).toModel()).toBeNull();
  });
});
