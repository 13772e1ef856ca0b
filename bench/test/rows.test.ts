import { describe, expect, it } from 'vitest';
import type { Cell, ScenarioInfo } from '../src/model/measurement.ts';
import { parametersKey, summarizeScenario } from '../src/statistics/rows.ts';

const info: ScenarioInfo = {
  id: 'made-up',
  title: 'Made up',
  question: null,
  description: 'For the test.',
  metrics: [
    { id: 'speed', label: 'speed', unit: 'ops/s', better: 'higher' },
    { id: 'note', label: 'note', unit: '', better: 'neither' },
  ],
  parameters: [{ id: 'workers', label: 'workers', values: [1, 2] }],
  baseline: 'base',
  limits: [],
};

function cell(subject: string, workers: number, round: number, speed: number | null): Cell {
  const verified = { objects: 1, bytes: 1, pools: 1 };
  return {
    scenario: info.id,
    subject,
    parameters: { workers },
    round,
    metrics: { speed, note: 1 },
    histograms: {},
    verified,
  };
}

const rounds = Array.from({ length: 10 }, (_, round) => round);
const cells = [
  ...rounds.map((round) => cell('base', 1, round, 100 + round)),
  ...rounds.map((round) => cell('fast', 1, round, 150 + round)),
  ...rounds.map((round) => cell('same', 1, round, 100 + ((round * 7) % 10))),
  cell('base', 2, 0, 50),
  cell('fast', 2, 0, null),
  { ...cell('fast', 1, 99, 1), scenario: 'another' },
];
const rows = summarizeScenario(info, cells, ['base', 'same', 'fast']);
const find = (subject: string, metric: string, workers = 1) =>
  rows.find((row) => row.subject === subject && row.metric === metric && row.parameters['workers'] === workers);

describe('summarizeScenario', () => {
  it('has a row for each subject, choice of parameters and metric that has a value', () => {
    expect(rows.map(({ subject, metric, parameters }) => `${subject} ${metric} ${parameters['workers']}`)).toEqual([
      'base speed 1',
      'base note 1',
      'base speed 2',
      'base note 2',
      'same speed 1',
      'same note 1',
      'fast speed 1',
      'fast note 1',
      'fast note 2',
    ]);
  });

  it('keeps every round, in order', () => {
    expect(find('fast', 'speed')!.rounds).toEqual(rounds.map((round) => 150 + round));
    expect(find('fast', 'speed')!.value).toMatchObject({ median: 154.5, count: 10, confidence: 0.95 });
  });

  it('compares with the baseline of the same parameters, and calls a clear difference one', () => {
    expect(find('base', 'speed')!.comparison).toBeNull();
    expect(find('fast', 'speed')!.comparison).toMatchObject({ delta: 1, significant: true });
    expect(find('fast', 'speed')!.comparison!.ratio.median).toBeCloseTo(154.5 / 104.5, 10);
    expect(find('same', 'speed')!.comparison).toMatchObject({ significant: false });
  });

  it('compares nothing that has no direction', () => expect(find('fast', 'note')!.comparison).toBeNull());

  it('corrects for the number of comparisons: three rounds are never enough', () => {
    const few = summarizeScenario(
      info,
      cells.filter(({ round }) => round < 3),
      [],
    );
    expect(few.filter(({ comparison }) => comparison?.significant)).toEqual([]);
  });
});

it('parametersKey does not depend on the order of keys', () =>
  expect(parametersKey({ a: 1, b: 'x' })).toBe(parametersKey({ b: 'x', a: 1 })));
