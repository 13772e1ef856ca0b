import { describe, expect, it } from 'vitest';
import { UnitScale, changeText, figure, pText, valueText } from '../src/report/units.ts';

describe('figures', () => {
  it('keep about three digits', () => {
    expect([0, 7, 0.1234, 1.234, 12.34, 123.4, 12_345].map(figure)).toEqual([
      '0',
      '7',
      '0.12',
      '1.23',
      '12.3',
      '123',
      '12\u202f345',
    ]);
  });
  it('keep digits of what is small', () => expect(figure(0.00123)).toBe('0.0012'));
  it('are a dash where there is none', () => expect(figure(null)).toBe('–'));
});

describe('a scale of units', () => {
  it('is the one in which the middle figure reads well', () => {
    expect(UnitScale.of('us', [900, 1500, 90_000]).text(1500)).toBe('1.50 ms');
    expect(UnitScale.of('ns', [12, 15]).text(12)).toBe('12 ns');
    expect(UnitScale.of('bytes', [3 * 2 ** 20]).text(3 * 2 ** 20)).toBe('3 MiB');
    expect(UnitScale.of('ops/s', [1.5e6]).text(1.5e6)).toBe('1.50 million ops/s');
  });
  it('shows figures of one table in one unit', () => {
    const scale = UnitScale.of('us', [1, 2, 3000]);
    expect([1, 3000].map((value) => scale.text(value))).toEqual(['1 µs', '3\u202f000 µs']);
  });
  it('leaves unknown units alone', () => expect(valueText(12, '1/s')).toBe('12 1/s'));
  it('has no unit for counts and ratios', () => expect(valueText(0.5, 'ratio')).toBe('0.50'));
});

describe('changes and p values', () => {
  it('carry their sign', () => expect([changeText(1.031), changeText(0.5)]).toEqual(['+3.1 %', '−50 %']));
  it('are never zero', () => expect(pText(1e-9)).toBe('< 0.0001'));
});
