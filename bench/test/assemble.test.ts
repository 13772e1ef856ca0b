import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../src/environment.ts';
import type { Cell, ScenarioInfo } from '../src/model/measurement.ts';
import type { Report } from '../src/model/report.ts';
import type { RunOptions, Scenario } from '../src/model/scenario.ts';
import { assembleReport } from '../src/run/assemble.ts';

const info: ScenarioInfo = {
  id: 'made-up',
  title: 'Made up',
  question: 'Q1',
  description: 'For the test.',
  metrics: [{ id: 'speed', label: 'speed', unit: 'ops/s', better: 'higher' }],
  parameters: [],
  baseline: null,
  limits: [],
};
const scenario: Scenario = {
  describe: () => info,
  jobs: () => [],
  measure: () => Promise.resolve([]),
  subjects: () => [{ id: 'peer', kind: 'peer', title: 'a peer 1.0' }],
  answer: () => ({ scenario: info.id, text: 'Yes.', verdict: 'proved', caveats: [] }),
};
const run = {} as RunOptions;

function report(rounds: number, busyShare: number): Report {
  const subjects = ['spin', 'peer', 'stranger'];
  const cells = subjects.flatMap((subject) =>
    Array.from({ length: rounds }, (_, round): Cell => {
      const verified = { objects: 1, bytes: 2, pools: 1 };
      return { scenario: info.id, subject, parameters: {}, round, metrics: { speed: 1 }, histograms: {}, verified };
    }),
  );
  const findings = { infos: [info], cells, skipped: [], failures: [], interrupted: false };
  return assembleReport([{ id: info.id, scenario }], findings, {
    environment: readEnvironment([], { busyShare, waitedSeconds: 0 }),
    options: {},
    seconds: 1,
    skipped: [],
    subjects: [
      { id: 'spin', kind: 'strategy', title: 'spin' },
      { id: 'rcu', kind: 'strategy', title: 'not measured' },
    ],
    run,
  });
}

describe('assembleReport', () => {
  it('lists the subjects that were measured: strategies, then those that scenarios name, then the rest', () =>
    expect(report(1, 0).subjects.map(({ id, kind, title }) => `${id} ${kind} ${title}`)).toEqual([
      'spin strategy spin',
      'peer peer a peer 1.0',
      'stranger peer stranger',
    ]));

  it('counts what was verified', () => expect(report(2, 0).checks).toMatchObject({ cells: 6, objects: 6, bytes: 12 }));

  it('calls nothing proved that was timed on a busy machine', () => {
    expect(report(8, 0).answers[0]!.verdict).toBe('proved');
    expect(report(8, 0.5).answers[0]).toMatchObject({
      verdict: 'open',
      caveats: ['others used 50 % of the machine, so nothing is proved'],
    });
  });
});
