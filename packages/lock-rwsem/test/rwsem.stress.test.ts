// The built package on real workers, with more agents than cores.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { RwLock } from '../src/index.ts';

interface Report {
  readonly changes: number;
  readonly reads: number;
  readonly givenUp: number;
}

const SEED = Number(process.env['SEED'] ?? 1);

async function contend(mixes: readonly (readonly string[])[], rounds: number, cores?: number): Promise<Report[]> {
  const lock = RwLock.create({ agents: 16 });
  const data = new Int32Array(new SharedArrayBuffer(8));
  const workers = mixes.map(
    (roles, i) =>
      new Worker(new URL('contender.worker.mjs', import.meta.url), {
        workerData: { lock: lock.descriptor(), data, rounds, roles, seed: SEED * 1000 + i, cores },
      }),
  );
  const reports = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0] as Report));
  await Promise.all(workers.map((worker) => worker.terminate()));

  const changes = reports.reduce((sum, report) => sum + report.changes, 0);
  expect([...data], `seed ${SEED}`).toEqual([changes, changes]);
  expect(lock.rescues, 'waits that no wakeup ended').toBe(0);
  expect(lock.isContended()).toBe(false);
  lock.write().release();
  return reports;
}

const repeat = (count: number, ...roles: string[]): string[][] => Array.from({ length: count }, () => roles);

async function sleeper(lock: RwLock, reads: boolean): Promise<Worker> {
  const worker = new Worker(new URL('sleeper.worker.mjs', import.meta.url), {
    workerData: { lock: lock.descriptor(), reads },
  });
  await once(worker, 'message');
  return worker;
}

async function untilParked(lock: RwLock): Promise<void> {
  while (!lock.isContended()) await new Promise((resolve) => setImmediate(resolve));
}

describe('real workers keep each other out and all get through', () => {
  it('2 writers', async () => {
    await contend(repeat(2, 'write'), 50_000);
  });

  it('8 writers', async () => {
    await contend(repeat(8, 'write'), 20_000);
  });

  it('8 writers that spin although they outnumber the cores', async () => {
    await contend(repeat(8, 'write'), 20_000, 64);
  });

  it('8 readers and writers', async () => {
    const reports = await contend(repeat(8, 'read', 'read', 'read', 'write'), 20_000);
    for (const report of reports) expect(report.reads).toBeGreaterThan(0);
  });

  it('1 writer among 7 readers', async () => {
    const [writer] = await contend([['write'], ...repeat(7, 'read')], 5_000);
    expect(writer?.changes).toBe(5_000);
  });

  it('1 reader among 7 writers', async () => {
    const [reader] = await contend([['read'], ...repeat(7, 'write')], 5_000);
    expect(reader?.reads).toBe(5_000);
  });

  it('downgrades, upgrades, tries and time limits', async () => {
    await contend(repeat(6, 'read', 'write', 'downgrade', 'upgrade', 'try', 'brief'), 10_000);
  });

  it('awaiting beside blocking, and aborted awaits', async () => {
    await contend(
      [
        ['write', 'read'],
        ['write', 'read', 'brief'],
        ['readAsync', 'writeAsync'],
        ['readAsync', 'writeAsync', 'aborted'],
        ['aborted', 'write'],
      ],
      3_000,
    );
  });

  it('1 awaiting writer among blocking readers', async () => {
    const [writer] = await contend([['writeAsync'], ...repeat(4, 'read')], 1_000);
    expect(writer?.changes).toBe(1_000);
  });
});

describe('a waiter that is killed', () => {
  it('does not take the wakeup of the others with it', async () => {
    const lock = RwLock.create();
    const guard = lock.write();
    const victim = await sleeper(lock, false);
    await untilParked(lock);
    const others = await Promise.all([sleeper(lock, false), sleeper(lock, true), sleeper(lock, false)]);
    const inside = others.map((worker) => once(worker, 'message'));
    await victim.terminate();
    guard.release();
    await Promise.all(inside);
    await Promise.all(others.map((worker) => worker.terminate()));
  });
});
