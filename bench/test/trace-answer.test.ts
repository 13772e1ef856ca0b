import { expect, it } from 'vitest';
import type { ScenarioInfo } from '../src/model/measurement.ts';
import type { Row } from '../src/model/row.ts';
import { answerTrace } from '../src/trace-replay/answer.ts';

const estimate = (median: number) => ({ median, low: median, high: median, confidence: 0.95, count: 10 });

function row(subject: string, ns: number, significant: boolean | null): Row {
  const comparison = significant === null ? null : { ratio: estimate(ns / 200), p: 0, delta: 1, significant };
  const parameters = { trace: 'mine', copies: 1 };
  return { scenario: 'trace', subject, parameters, metric: 'nsPerCall', value: estimate(ns), comparison, rounds: [] };
}

const info = {
  id: 'trace',
  parameters: [
    { id: 'trace', label: '', values: ['mine'] },
    { id: 'copies', label: '', values: [1] },
  ],
} as unknown as ScenarioInfo;

it('names the fastest strategy, never the harness, and says when that is not proved', () => {
  const rows = [row('bigLock', 200, null), row('rcu', 150, true), row('spin', 180, false), row('harness', 10, true)];
  expect(answerTrace(rows, info)).toMatchObject({ verdict: 'proved' });
  expect(answerTrace(rows, info)!.text).toContain('mine: rcu took 150 ns a call, 0.75 times what bigLock took.');
  const close = answerTrace([row('bigLock', 200, null), row('spin', 190, false)], info)!;
  expect(close.verdict).toBe('open');
  expect(close.text).toContain('not significant');
  const baseline = answerTrace([row('bigLock', 200, null), row('spin', 250, true)], info)!;
  expect([baseline.verdict, baseline.text.includes('no strategy took less')]).toEqual(['open', true]);
  expect(answerTrace([], info)).toBeNull();
});
