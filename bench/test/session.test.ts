import { describe, expect, it } from 'vitest';
import { SkipError } from '../src/checks.ts';
import type { ScenarioInfo } from '../src/model/measurement.ts';
import type { Job, RunOptions, Scenario } from '../src/model/scenario.ts';
import type { Reply } from '../src/run/messages.ts';
import type { Execute } from '../src/run/process.ts';
import { Session } from '../src/run/session.ts';
import type { SessionOptions } from '../src/run/session.ts';

const options: RunOptions = {
  strategyIds: ['a', 'b', 'c', 'd'],
  cores: 2,
  workers: [],
  seconds: 0.1,
  quick: false,
  full: false,
  inputs: [],
  traces: [],
  folder: '',
};
const quiet = { write: () => {} };

function fake(id: string, jobs?: Scenario['jobs']): { id: string; scenario: Scenario } {
  const info = {
    id,
    title: id,
    question: null,
    description: id,
    metrics: [],
    parameters: [],
    baseline: null,
    limits: [],
  };
  const own: Scenario['jobs'] = ({ strategyIds }, _round, seed) =>
    strategyIds.map((subject) => ({ scenario: id, subject, seed, plan: {}, seconds: 1 }));
  return {
    id,
    scenario: {
      describe: (): ScenarioInfo => info,
      jobs: jobs ?? own,
      measure: () => Promise.reject(new Error('in no test')),
    },
  };
}

const verified = { objects: 1, bytes: 8, pools: 1 };
const succeed = (job: Job): Reply => ({
  ok: true,
  cells: [{ scenario: job.scenario, subject: job.subject, parameters: {}, metrics: {}, histograms: {}, verified }],
});

function record(reply: (job: Job, done: string[]) => Reply): { done: string[]; execute: Execute } {
  const done: string[] = [];
  return {
    done,
    execute: (job) => {
      done.push(`${job.scenario} ${job.subject}`);
      return Promise.resolve(reply(job, done));
    },
  };
}

const how = (execute: Execute, rest: Partial<SessionOptions> = {}): SessionOptions => ({
  rounds: 4,
  budgetSeconds: null,
  seed: 5,
  execute,
  ...rest,
});

describe('Session', () => {
  it('runs every job once a round, scenarios mixed, in another order each round, the same for the same seed', async () => {
    const first = record(succeed);
    const { cells } = await new Session([fake('x'), fake('y')], options, how(first.execute), quiet).run();
    expect(cells.length).toBe(32);
    const rounds = [0, 1, 2, 3].map((round) => first.done.slice(round * 8, round * 8 + 8));
    for (const round of rounds) expect(round.toSorted()).toEqual(rounds[0]!.toSorted());
    expect(new Set(rounds.map(String)).size).toBe(4);
    expect(
      rounds.some(
        (round) =>
          round.slice(0, 4).some((job) => job.startsWith('x')) && round.slice(0, 4).some((job) => job.startsWith('y')),
      ),
    ).toBe(true);
    const second = record(succeed);
    await new Session([fake('x'), fake('y')], options, how(second.execute), quiet).run();
    expect(second.done).toEqual(first.done);
  });

  it('says what failed, and does not measure that subject there again', async () => {
    const { done, execute } = record((job) =>
      job.subject === 'b' && job.scenario === 'x'
        ? { ok: false, error: 'torn bytes', failedCheck: true }
        : succeed(job),
    );
    const { failures, cells } = await new Session([fake('x'), fake('y')], options, how(execute), quiet).run();
    expect(failures).toEqual(['x of b: CHECK FAILED: torn bytes']);
    expect(done.filter((job) => job === 'x b').length).toBe(1);
    expect(cells.filter(({ subject }) => subject === 'b').length).toBe(4);
  });

  it('begins no round that would end after its budget, once three have run, and says so', async () => {
    const execute = async (job: Job): Promise<Reply> => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return succeed(job);
    };
    const session = new Session([fake('x')], options, how(execute, { rounds: 50, budgetSeconds: 0.001 }), quiet);
    const { cells, skipped } = await session.run();
    expect(cells.length).toBe(3 * 4);
    expect(skipped).toEqual([{ what: '47 of 50 rounds', why: expect.stringContaining('only 3 fit into 0.001 s') }]);
  });

  it('keeps what was measured when it is broken off, and counts the job that was ended as no failure', async () => {
    const { execute } = record((job, done) => {
      if (done.length === 6) session.interrupt();
      return done.length === 6 ? { ok: false, error: 'killed', failedCheck: false } : succeed(job);
    });
    const session = new Session([fake('x')], options, how(execute), quiet);
    const { cells, failures, interrupted } = await session.run();
    expect({ cells: cells.length, failures, interrupted }).toEqual({ cells: 5, failures: [], interrupted: true });
  });

  it('leaves a scenario out that says why it cannot run', async () => {
    const { execute } = record(succeed);
    const never = fake('never', () => {
      throw new SkipError('no memory');
    });
    const { skipped, infos } = await new Session([never, fake('x')], options, how(execute), quiet).run();
    expect(skipped).toEqual([{ what: 'scenario never', why: 'no memory' }]);
    expect(infos.map(({ id }) => id)).toEqual(['x']);
  });
});
