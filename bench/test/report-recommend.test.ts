import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { attachPool, createPool } from '@zsmalloc/core';
import { preemptible } from '@zsmalloc/lock-custom';
import { mergeTrace, record, writeTrace } from '@zsmalloc/trace';
import type { RecordedPool } from '@zsmalloc/trace';
import { shippedTraces } from '../src/trace-replay/load.ts';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Report } from '../src/model/report.ts';
import { CANDIDATES } from '../src/report/candidates.ts';
import { recommend } from '../src/report/decide.ts';
import { leadersTables } from '../src/report/leaders-table.ts';
import { placings } from '../src/report/leaders.ts';
import { CAPABILITY_NEEDS } from '../src/report/needs.ts';
import type { Needs } from '../src/report/needs.ts';
import { run } from '../src/report/recommend.ts';
import { PROFILES } from '../src/report/profiles.ts';
import { recommendationText, verdictText } from '../src/report/recommend-text.ts';
import { WIDTH_MAX } from '../src/table.ts';
import { syntheticReport } from './fixtures/synthetic-report.ts';

type HoldingRecorded = RecordedPool<ReturnType<typeof createPool<typeof preemptible>>>;

/** A trace of two agents; each does `use` between a malloc and a free. */
function recordedTrace(use: (pool: HoldingRecorded, handle: number) => void): string {
  const first = record(createPool({ bytes: 2 ** 22, strategy: preemptible }));
  const second = record(attachPool(first.descriptor(), { strategies: [preemptible] }), {
    join: first.recording.descriptor(),
  });
  for (const pool of [first, second]) {
    const handle = pool.malloc(100);
    use(pool, handle);
    pool.free(handle);
  }
  const file = join(mkdtempSync(join(tmpdir(), 'bench-trace-')), 'application.zstrace');
  writeFileSync(file, writeTrace(mergeTrace([first.recording.end(), second.recording.end()])));
  return file;
}

const NEEDS: Needs = { aim: 'throughput', workers: null, readShare: null, must: [] };
const alike = (factor: number, ...names: string[]): Record<string, number> =>
  Object.fromEntries(names.map((id) => [id, factor]));
const spinWins = syntheticReport({ speed: { spin: 30 } });

describe('who leads', () => {
  const info = spinWins.scenarios[0]!;
  const rows = (report: Report) =>
    report.rows.filter(
      ({ scenario, metric, parameters }) =>
        scenario === info.id &&
        metric === 'opsPerSecond' &&
        parameters['workers'] === 2 &&
        parameters['hold'] === 'short',
    );
  const placesOf = (report: Report) =>
    new Map(placings(report, info.metrics[0]!, rows(report)).map(({ row, place }) => [row.subject, place]));
  it('is the strategy with the best median', () => expect(placesOf(spinWins).get('spin')).toBe('best'));
  it('leaves others behind only where that is proved', () => {
    expect(placesOf(spinWins).get('rcu')).toBe('behind');
    const noisy = syntheticReport({ noise: 0.9, rounds: 3 });
    expect([...placesOf(noisy).values()].filter((place) => place === 'behind')).toEqual([]);
  });
  it('is called the best only where it leads somebody for certain', () => {
    const textsOf = (report: Report) =>
      leadersTables(report, info, info.metrics[0]!).flatMap(({ lines }) =>
        lines.flatMap(({ cells }) => cells.map(({ text }) => text)),
      );
    expect(textsOf(spinWins)).toContain('best');
    const noisy = textsOf(syntheticReport({ noise: 0.9, rounds: 3 }));
    expect(noisy).toContain('~ best');
    expect(noisy).not.toContain('best');
  });
  it('is never a peer or the harness', () => {
    const places = placesOf(syntheticReport({ speed: { Map: 50 } }));
    expect(places.get('Map')).toBe('ahead');
    expect(places.has('harness')).toBe(false);
  });
  it('is nobody where a metric has no better side', () => {
    expect(placings(spinWins, { ...info.metrics[0]!, better: 'neither' }, rows(spinWins))).toEqual([]);
  });
});

describe('a recommendation', () => {
  it('takes the strategy that all others are proved to be behind', () => {
    const found = recommend(spinWins, { ...NEEDS, workers: 2 }, CANDIDATES);
    expect(found).toMatchObject({ choice: 'spin', decidedBy: 'data', leaders: ['spin'] });
    expect(verdictText(found)).toContain('the 9 others are proved to be behind');
  });
  it('takes whichever strategy is planted as the best', () => {
    for (const id of ['bigLock', 'rwsem', 'rcuTurn']) {
      expect(recommend(syntheticReport({ rounds: 6, speed: { [id]: 9 } }), NEEDS, CANDIDATES).choice).toBe(id);
    }
  });
  it('says that the data does not decide, and by what it chose', () => {
    const noisy = syntheticReport({ noise: 0.9, rounds: 6, seed: 2, speed: alike(30, 'bigLock', 'preemptible') });
    const found = recommend(noisy, { ...NEEDS, workers: 2 }, CANDIDATES);
    expect(found.decidedBy).toBe('open');
    expect(found.leaders).toEqual(expect.arrayContaining(['bigLock', 'preemptible']));
    expect(found.choice).toBe('preemptible');
    expect(found.tieBreakers.map(({ by }) => by).join()).toContain('holdAcrossAwait');
    expect(verdictText(found)).toContain('does not decide between preemptible and bigLock');
  });
  it('breaks a tie by what it can cost elsewhere at worst, not by how often', () => {
    const noisy = syntheticReport({ noise: 0.9, rounds: 6, seed: 2, speed: alike(30, 'bigLock', 'preemptible') });
    const shareOf = (subject: string, writes: unknown): number => {
      if (subject === 'bigLock') return 0.8;
      return subject === 'preemptible' && writes === 0 ? 0.2 : 1;
    };
    const rows = noisy.rows.map((row) => {
      if (row.scenario !== 'shares' || row.metric !== 'opsPerSecond') return row;
      const rounds = row.rounds.map((_, round) => (100 + round) * shareOf(row.subject, row.parameters['writes']));
      return { ...row, rounds, value: { ...row.value, median: (rounds[2]! + rounds[3]!) / 2 } };
    });
    const found = recommend({ ...noisy, rows }, { ...NEEDS, workers: 2 }, CANDIDATES);
    expect(found.leaders).toEqual(expect.arrayContaining(['bigLock', 'preemptible']));
    expect(found.tieBreakers[0]).toMatchObject({ short: 'least to lose elsewhere', left: ['bigLock'] });
  });
  it('decides nothing from three rounds', () => {
    expect(recommend(syntheticReport({ rounds: 3, speed: { spin: 9 } }), NEEDS, CANDIDATES).decidedBy).toBe('open');
  });
  it.each(CAPABILITY_NEEDS.map(({ id }) => id))('excludes what cannot do it: %s', (id) => {
    const need = CAPABILITY_NEEDS.find((one) => one.id === id)!;
    const lacking = CANDIDATES.filter(({ capabilities }) => !need.isMet(capabilities)).map((candidate) => candidate.id);
    const found = recommend(spinWins, { ...NEEDS, must: [id] }, CANDIDATES);
    expect(found.exclusions.map((exclusion) => exclusion.id)).toEqual(lacking);
    expect(lacking).not.toContain(found.choice);
    if (lacking.length === CANDIDATES.length) expect(found.choice).toBeNull();
  });
  it('reads capabilities, not names', () => {
    const swapped = CANDIDATES.map((candidate) => ({
      ...candidate,
      capabilities: { ...candidate.capabilities, robust: candidate.id === 'bigLock' },
    }));
    const found = recommend(spinWins, { ...NEEDS, must: ['robust'] }, swapped);
    expect(found).toMatchObject({ choice: 'bigLock', decidedBy: 'capabilities' });
  });
  it('uses the scenario that varies what is asked about, at the nearest place, and says what was measured', () => {
    const found = recommend(spinWins, { ...NEEDS, workers: 3, readShare: 0.93 }, CANDIDATES);
    expect(found.evidence.map(({ info }) => info.id)).toEqual(['shares']);
    expect(found.evidence[0]!.parameters).toEqual({ workers: 2, writes: 5 });
    expect(found.caveats).toEqual(expect.arrayContaining(['93 % reads asked about, writes, % 5 measured']));
  });
  it('looks at tails when they matter', () => {
    const found = recommend(spinWins, { ...NEEDS, aim: 'tail', workers: 8 }, CANDIDATES);
    expect(found.evidence.every(({ metric }) => metric.id === 'p99Us')).toBe(true);
    expect(found.choice).toBe('spin');
  });
  it('rests on capabilities where the report measures nothing', () => {
    const found = recommend({ ...spinWins, rows: [] }, { ...NEEDS, must: ['freeDuringRead'] }, CANDIDATES);
    expect(found.evidence).toEqual([]);
    expect(found.decidedBy).toBe('open');
    expect(found.choice).not.toBeNull();
  });
  it('does not know strategies that the report measures and this bench lacks', () => {
    const renamed = JSON.parse(JSON.stringify(spinWins).replaceAll('"spin"', '"spinning"')) as Report;
    const found = recommend(renamed, { ...NEEDS, workers: 2 }, CANDIDATES);
    expect(found.choice).not.toBe('spin');
    expect(found.exclusions.map(({ id }) => id)).toEqual(['spin']);
  });
  it('warns of failed checks', () => {
    const failed = { ...spinWins, checks: { ...spinWins.checks, passed: false, failures: ['x'] } };
    expect(recommend(failed, NEEDS, CANDIDATES).caveats[0]).toContain('failed checks');
  });
  it.each(PROFILES.map(({ id }) => id))('fits a terminal for the profile %s', (id) => {
    const needs = PROFILES.find((profile) => profile.id === id)!.needs(2);
    const text = recommendationText(recommend(spinWins, needs, CANDIDATES), CANDIDATES, 'a report');
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(WIDTH_MAX);
    expect(text).toContain('Evidence: a report.');
  });
});

describe('bench recommend', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-recommend-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'report.json');
  writeFileSync(path, JSON.stringify(spinWins));
  async function outputOf(...argv: string[]): Promise<{ status: number; out: string }> {
    let out = '';
    const write = (text: unknown): boolean => {
      out += String(text);
      return true;
    };
    const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockImplementation(write));
    const status = await run(argv).finally(() => spies.forEach((spy) => spy.mockRestore()));
    return { status, out };
  }
  it('shows what to import', async () => {
    const { status, out } = await outputOf('--report', path, '--workers', '2');
    expect(status).toBe(0);
    expect(out).toContain("import { spin } from '@zsmalloc/lock-spin';");
  });
  it('takes workers and read share from a recorded trace, gzipped or not, unless flags say otherwise', async () => {
    const file = recordedTrace((pool, handle) => {
      for (let reads = 0; reads < 6; reads++) pool.read(handle, () => {});
    });
    // Two agents; each mallocs, reads six times, and frees.
    expect((await outputOf('--report', path, '--trace', file)).out).toContain('2 workers; 75 % reads');
    expect((await outputOf('--report', path, '--trace', file, '--workers', '3')).out).toContain(
      '3 workers; 75 % reads',
    );
    writeFileSync(`${file}.gz`, gzipSync(readFileSync(file)));
    expect((await outputOf('--report', path, '--trace', `${file}.gz`)).out).toContain('2 workers; 75 % reads');
  });
  it('asks for holds across await where a trace has them', async () => {
    const file = recordedTrace((pool, handle) => pool.hold(handle).release());
    expect((await outputOf('--report', path, '--trace', file)).out).toMatch(/kept in place\s+across an await/);
  });
  it.each(shippedTraces())('takes workers and read share from %s', async (file) => {
    const { status, out } = await outputOf('--report', path, '--trace', file);
    expect(status).toBe(0);
    expect(out).toMatch(/Needs: aim: most operations; (1 worker|4 workers); \d+(\.\d)? % reads\.$/m);
  });
  it('says what is wrong with a file that is no trace', async () => {
    const { status, out } = await outputOf('--report', path, '--trace', path);
    expect({ status, out }).toEqual({ status: 2, out: expect.stringContaining('cannot read the trace') });
  });
  it('writes JSON', async () => {
    expect(JSON.parse((await outputOf('--report', path, '--json')).out)).toMatchObject({ choice: 'spin' });
  });
  it('exits with 1 when no strategy has the capabilities', async () => {
    const all = CAPABILITY_NEEDS.map(({ flag }) => `--${flag}`);
    const { status, out } = await outputOf('--report', path, ...all);
    const able = CANDIDATES.some(({ capabilities }) => CAPABILITY_NEEDS.every(({ isMet }) => isMet(capabilities)));
    expect(status).toBe(able ? 0 : 1);
    if (!able) expect(out).toContain('No strategy has all the capabilities');
  });
  it('exits with 2 on a report that is none', async () => {
    expect(await outputOf('--report', '/no/such/file')).toMatchObject({
      status: 2,
      out: expect.stringContaining('cannot read the report'),
    });
  });
  it.each([['--workers', '0'], ['--workers', '1.5'], ['--read-share', '95'], ['--aim', 'joy'], ['something']])(
    'refuses %s %s',
    async (...argv) => {
      await expect(run(argv.filter((part) => part !== undefined))).rejects.toThrow(/must be|does not know|flags only/);
    },
  );
});
