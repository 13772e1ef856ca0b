import { INVARIANTS, formatReport, reportSchema, runConformance } from '@zsmalloc/conformance';
import type { Report, ReportRow } from '@zsmalloc/conformance';
import { describe, expect, it } from 'vitest';

const fixture = (name: string): string => new URL(`fixtures/${name}.mjs`, import.meta.url).href;
const rowOf = ({ rows }: Report, number: number): ReportRow => rows[number - 1];
const LITTLE = { minutes: 0.02, seed: 1 };

describe('runConformance', () => {
  it('says of each row what it came to, and of rows that do not apply why', async () => {
    const report = await runConformance(fixture('two'), { ...LITTLE, export: 'spin', rows: [3, 7, 12, 13] });
    expect(report.verdict).toBe('passed');
    expect(report.rows.map(({ number }) => number)).toEqual(INVARIANTS.map(({ number }) => number));
    expect(rowOf(report, 3)).toMatchObject({ status: 'passed' });
    expect(rowOf(report, 7)).toMatchObject({ status: 'passed', checks: ['misuse'] });
    expect(rowOf(report, 12)).toMatchObject({ status: 'does not apply', reason: 'the contract has no such call' });
    expect(rowOf(report, 13).status).toBe('does not apply');
    expect(rowOf(report, 1)).toMatchObject({ status: 'not run', reason: 'not asked for' });
  });

  it('reports as its schema says, and nothing beyond it', async () => {
    const report = await runConformance(fixture('two'), { ...LITTLE, export: 'bigLock', rows: [7] });
    const data: unknown = JSON.parse(JSON.stringify(report));
    expect(reportSchema.parse(data)).toEqual(report);
    expect(() => reportSchema.parse({ ...(data as object), more: 1 })).toThrowError();
  });

  it('names the defect, and prints a command that shows it again', async () => {
    const report = await runConformance(fixture('open-lock'), { ...LITTLE, check: 'class-lock-two' });
    expect(report.verdict).toBe('failed');
    expect(rowOf(report, 1).status).toBe('failed');
    const found = report.checks.find(({ id }) => id === 'class-lock-two')!.defect!;
    expect(found.message).toMatch(/^two agents were inside class lock 0 at once/);
    expect(found.replay).toContain(`--replay class-lock-two --seed 1 --schedule '${found.schedule}'`);

    const again = await runConformance(fixture('open-lock'), {
      check: 'class-lock-two',
      schedule: found.schedule!,
      minutes: 0.1,
    });
    expect(again.checks).toHaveLength(1);
    expect(again.checks[0].defect!.message).toBe(found.message);
    expect(again.checks[0].counts['executions']).toBe(1);
  });

  it('says so when it cannot see what a strategy does', async () => {
    const report = await runConformance(fixture('unseen'), { ...LITTLE, check: 'atomics-visible' });
    expect(report.checks[0].defect!.message).toMatch(/^atomic operations: lock and unlock show none/);
  });

  it('survives a strategy that loops for ever without an atomic operation', async () => {
    const report = await runConformance(fixture('hangs'), { ...LITTLE, check: 'misuse' });
    expect(rowOf(report, 7).status).toBe('failed');
    expect(report.checks[0]).toMatchObject({ id: 'misuse', verdict: 'hung' });
    expect(report.checks[0].defect!.message).toMatch(/^a call did not end/);
  });

  it('survives a strategy that ends its process', async () => {
    const report = await runConformance(fixture('dies'), { ...LITTLE, rows: [7] });
    expect(report.verdict).toBe('failed');
    expect(report.checks[0].defect!.message).toContain('ended with code 7');
  });

  it('ends although a timer of the strategy does not', async () => {
    for (const check of ['misuse', 'torture-lingering']) {
      const report = await runConformance(fixture('ticking'), { ...LITTLE, check });
      expect(report.verdict).not.toBe('failed');
      expect(report.checks[0].elapsedMs).toBeGreaterThan(0);
      expect(report.checks.map(({ verdict }) => verdict)).toEqual([check === 'misuse' ? 'checked' : 'sampled']);
    }
  });

  it('counts what it could not run as neither passed nor failed', async () => {
    const report = await runConformance(fixture('dies'), { ...LITTLE, rows: [3, 7, 8] });
    expect(report.checks.some(({ verdict }) => verdict === 'not run')).toBe(true);
    for (const { id, verdict } of report.checks) {
      if (verdict !== 'not run') continue;
      for (const row of report.rows.filter(({ checks }) => checks.includes(id))) expect(row.status).not.toBe('passed');
    }
  });

  it.each([
    ['a module that is not there', fixture('nowhere'), {}, 'ERR_CONFORMANCE_MODULE'],
    ['a module with two strategies', fixture('two'), {}, 'ERR_CONFORMANCE_EXPORT'],
    ['an export that is no strategy', fixture('two'), { export: 'other' }, 'ERR_CONFORMANCE_EXPORT'],
    ['a row that is none', fixture('two'), { export: 'spin', rows: [22] }, 'ERR_CONFORMANCE_OPTION'],
    ['no time', fixture('two'), { export: 'spin', minutes: 0 }, 'ERR_CONFORMANCE_OPTION'],
    ['a check that is none', fixture('two'), { export: 'spin', check: 'nonsense' }, 'ERR_CONFORMANCE_OPTION'],
  ])('refuses %s', async (_, module, options, code) => {
    await expect(runConformance(module, options)).rejects.toMatchObject({ code });
  });

  it('prints at most 80 columns, but for charts', async () => {
    const report = await runConformance(fixture('open-lock'), { ...LITTLE, check: 'class-lock-two' });
    const text = formatReport(report).split('#  ')[0];
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(formatReport(report)).toContain('FAILED  Who changes something is alone with it');
  });
});
