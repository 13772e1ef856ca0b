import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Report } from '../src/model/report.ts';
import { run } from '../src/report/compare.ts';
import { difference } from '../src/report/difference.ts';
import type { DifferenceOptions } from '../src/report/difference.ts';
import { WIDTH_MAX } from '../src/table.ts';
import { syntheticReport } from './fixtures/synthetic-report.ts';

const OPTIONS: DifferenceOptions = { threshold: 0.05, allMetrics: false, relative: false };
/** Main figures that a subject has: 8 of contention, 5 of shares; its memory does not follow its speed. */
const FIGURES = 13;
const before = syntheticReport({ seed: 1 });
const same = syntheticReport({ seed: 2 });
const slower = syntheticReport({ seed: 3, speed: { rwsem: 0.7 } });
const faster = syntheticReport({ seed: 4, speed: { rwsem: 1.5 } });
const everywhere = Object.fromEntries(before.subjects.map(({ id }) => [id, 0.6]));
const otherMachine = syntheticReport({ seed: 5, speed: everywhere });

const folder = mkdtempSync(join(tmpdir(), 'bench-compare-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(report: unknown): string {
  const path = join(folder, `${Math.random()}.json`);
  writeFileSync(path, typeof report === 'string' ? report : JSON.stringify(report));
  return path;
}

async function compare(...argv: string[]): Promise<{ status: number; out: string; err: string }> {
  const texts = { out: '', err: '' };
  const capture = (key: 'out' | 'err') => (text: unknown) => {
    texts[key] += String(text);
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(capture('out')),
    vi.spyOn(process.stderr, 'write').mockImplementation(capture('err')),
  ];
  const status = await run(argv).finally(() => spies.forEach((spy) => spy.mockRestore()));
  return { status, ...texts };
}

describe('the difference of two reports', () => {
  it('needs no test for what is exact, and one round of it', () => {
    const exactly = (seed: number): Report => {
      const report = syntheticReport({ seed, rounds: 1 });
      const marked = ({ id, ...info }: Report['scenarios'][number]) =>
        id === 'garbage' ? { ...info, id, metrics: [{ ...info.metrics[0]!, exact: true }] } : { ...info, id };
      return { ...report, scenarios: report.scenarios.map(marked) };
    };
    const found = difference(exactly(1), exactly(2), OPTIONS).changes;
    const exact = found.filter(({ info }) => info.id === 'garbage');
    expect(exact.every(({ verdict, p }) => verdict !== 'unproved' && p === 0)).toBe(true);
    expect(found.filter(({ info }) => info.id !== 'garbage').every(({ verdict }) => verdict === 'unproved')).toBe(true);
    expect(difference(exactly(1), exactly(1), OPTIONS).changes.every(({ verdict }) => verdict === 'unproved')).toBe(
      true,
    );
  });

  it('finds a planted slowdown, and only that', () => {
    const { regressions } = difference(before, slower, OPTIONS);
    expect(new Set(regressions.map(({ subject }) => subject))).toEqual(new Set(['rwsem']));
    expect(regressions).toHaveLength(FIGURES);
  });
  it('proves nothing between two runs of the same', () => {
    expect(difference(before, same, OPTIONS).changes.filter(({ verdict }) => verdict !== 'unproved')).toEqual([]);
  });
  it('calls a planted speedup better', () => {
    const { changes, regressions } = difference(before, faster, OPTIONS);
    expect(regressions).toEqual([]);
    expect(
      changes.filter(({ subject }) => subject === 'rwsem').filter(({ verdict }) => verdict === 'better'),
    ).toHaveLength(FIGURES);
  });
  it('leaves out regressions below the threshold', () => {
    expect(difference(before, slower, { ...OPTIONS, threshold: 0.6 }).regressions).toEqual([]);
  });
  it('knows that less time is better', () => {
    const { regressions } = difference(before, slower, { ...OPTIONS, allMetrics: true });
    expect(new Set(regressions.map(({ metric }) => metric.id))).toContain('p99Us');
  });
  it('takes a slower machine for no regression when it compares with the baseline', () => {
    expect(difference(before, otherMachine, OPTIONS).regressions.length).toBeGreaterThan(100);
    expect(difference(before, otherMachine, { ...OPTIONS, relative: true }).regressions).toEqual([]);
  });
  it('still finds the planted slowdown when it compares with the baseline', () => {
    const both = syntheticReport({ seed: 6, speed: { ...everywhere, rwsem: 0.6 * 0.7 } });
    const { regressions } = difference(before, both, { ...OPTIONS, relative: true });
    const found = regressions.filter(({ subject }) => subject === 'rwsem').length;
    expect(found).toBeGreaterThanOrEqual(FIGURES - 1);
    // One in twenty may be chance: that is what the correction promises.
    expect(regressions.length - found).toBeLessThanOrEqual(1);
  });
  it('says what only one report has', () => {
    const without = { ...before, rows: before.rows.filter(({ subject }) => subject !== 'spin') };
    expect(difference(before, without, OPTIONS).onlyBefore).toHaveLength(FIGURES + 1);
    expect(difference(without, before, OPTIONS).onlyAfter).toHaveLength(FIGURES + 1);
  });
  it('warns where machines differ', () => {
    const other: Report = { ...same, environment: { ...same.environment, cores: 64, node: 'v26.0.0', busyShare: 0.9 } };
    const text = difference(before, other, OPTIONS).warnings.join('\n');
    expect(text).toContain('cores differs: 2 before, 64 after');
    expect(text).toContain('node differs');
    expect(text).toContain('others used 1 % of the machine in the one run and 90 % in the other');
  });
  it('says when there are too few rounds to prove anything', () => {
    const { changes, warnings } = difference(
      syntheticReport({ rounds: 3 }),
      syntheticReport({ rounds: 3, speed: { rwsem: 0.1 } }),
      OPTIONS,
    );
    expect(changes.every(({ verdict }) => verdict === 'unproved')).toBe(true);
    expect(warnings.join()).toContain('too few rounds');
  });
});

describe('bench compare', () => {
  const paths = { before: fileOf(before), same: fileOf(same), slower: fileOf(slower) };
  it('exits with 0 when nothing is worse', async () => {
    const { status, out } = await compare(paths.before, paths.same);
    expect(status).toBe(0);
    expect(out).toContain('No proved regression.');
  });
  it('exits with 1 on a regression, and names it', async () => {
    const { status, out } = await compare(paths.before, paths.slower);
    expect(status).toBe(1);
    expect(out).toMatch(/^rwsem .* WORSE$/m);
    expect(out).toContain(`${FIGURES} proved regressions of more than 5 %.`);
  });
  it('fits a terminal', async () => {
    const { out } = await compare(paths.before, paths.slower, '--all', '--metrics', 'all');
    expect(Math.max(...out.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(WIDTH_MAX);
  });
  it('writes Markdown and JSON', async () => {
    expect((await compare(paths.before, paths.slower, '--format', 'markdown')).out).toContain('| rwsem |');
    const { out } = await compare(paths.before, paths.slower, '--format', 'json');
    expect(JSON.parse(out).regressions).toHaveLength(FIGURES);
  });
  it.each([
    ['a missing file', '/no/such/file.json', 'cannot read the report'],
    ['no JSON', fileOf('{'), 'is not JSON'],
    ['another JSON', fileOf({ name: 'x' }), 'is no report of this bench'],
    ['an older report', fileOf({ ...before, version: 1 }), 'version 1'],
    ['a damaged report', fileOf({ ...before, rows: [{}] }), 'does not fit the schema'],
    [
      'failed checks',
      fileOf({ ...before, checks: { ...before.checks, passed: false, failures: ['bytes differ'] } }),
      'bytes differ',
    ],
    ['nothing in common', fileOf({ ...before, rows: [] }), 'nothing to compare'],
  ])('exits with 2 on %s', async (_what, path, message) => {
    const { status, err } = await compare(paths.before, path);
    expect(status).toBe(2);
    expect(err).toContain(message);
  });
  it.each([
    [[paths.before]],
    [[paths.before, paths.same, '--threshold', 'x']],
    [[paths.before, paths.same, '--format', 'pdf']],
  ])('refuses %j', async (argv) => {
    await expect(run(argv)).rejects.toThrow(/takes two reports|must be a number|does not know/);
  });
});
