import { describe, expect, it } from 'vitest';
import { LatencySamples, collectSamples, histogramOf, percentilesOf } from '../src/latency-samples.ts';

describe('latencies', () => {
  it('are taken by series, and only once', () => {
    const samples = new LatencySamples();
    samples.record(0.003, 1);
    samples.record(0.001, 0);
    samples.record(0.002, 1);
    const batch = samples.take();
    expect(Array.from(collectSamples([batch], [1]))).toEqual([2, 3]);
    expect(Array.from(collectSamples([batch, batch], [0, 1]))).toEqual([1, 1, 2, 2, 3, 3]);
    expect(samples.take().us.length).toBe(0);
  });

  it('give no percentile for which there are too few', () => {
    const thousand = Float32Array.from({ length: 1000 }, (_, index) => index + 1);
    expect(percentilesOf(thousand)).toEqual({ samples: 1000, p50: 500, p99: 990, p999: null, max: 1000 });
    expect(percentilesOf(new Float32Array(0))).toEqual({ samples: 0, p50: null, p99: null, p999: null, max: null });
  });

  it('lose no sample in a histogram, and keep the extremes', () => {
    const values = Float32Array.from([0.01, 0.05, 1, 1.01, 100, 123_456]);
    const { floors, counts, min, max } = histogramOf(values)!;
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(6);
    expect([min, max]).toEqual([values[0], 123_456]);
    expect(floors).toEqual(floors.toSorted((left, right) => left - right));
    expect(floors.at(-1)! <= 123_456).toBe(true);
    expect(histogramOf(new Float32Array(0))).toBeNull();
  });
});
