import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { formatReport } from '../src/report-text.ts';
import { reportSchema } from '../src/report-schema.ts';
import type { Report } from '../src/report.ts';
import { WIDTH_MAX } from '../src/table.ts';

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bench-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
}

describe('a small run', () => {
  const path = join(folder, 'deep', 'report.json');
  const args = [
    '--quick',
    '--strategies',
    'bigLock',
    '--pages',
    '128',
    '--seconds',
    '0.05',
    '--seed',
    '3',
    '--json',
    path,
  ];
  const result = bench(...args);
  const read = (): Report => JSON.parse(readFileSync(path, 'utf8')) as Report;

  it('exits with 0 and says that all contents were checked', () => {
    expect(result.stderr).toMatch(/^\[1\/\d+\] /);
    expect(result.stdout).toContain('ALL CHECKS PASSED');
    expect(result.stdout).toContain('every byte of');
    expect(result.status).toBe(0);
  });

  it('keeps every line within 80 columns', () => {
    const lines = result.stdout.split('\n').filter((line) => !/^(command|machine|Report)/.test(line));
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(WIDTH_MAX);
  });

  it('writes a report that its schema accepts', () => {
    const report = reportSchema.parse(read());
    expect(report.replayCells.map(({ strategyId, workers }) => `${strategyId} ${workers}`).toSorted()).toEqual([
      'bigLock 1',
      'bigLock 2',
      'harness 1',
      'harness 2',
    ]);
    expect(report.checks).toMatchObject({ passed: true, cellsVerified: 4 });
    expect(report.replayCells.every(({ operations }) => operations > 0)).toBe(true);
  });

  it.each([
    ['a field is missing', (report: Report) => ({ ...report, seconds: undefined })],
    ['there is a field too many', (report: Report) => ({ ...report, extra: 1 })],
    ['a count is negative', (report: Report) => ({ ...report, checks: { ...report.checks, objectsVerified: -1 } })],
    ['a failure is called passed', (report: Report) => ({ ...report, checks: { ...report.checks, failures: ['x'] } })],
    ['a figure is missing', (report: Report) => ({ ...report, seconds: null })],
  ])('has a schema that refuses it when %s', (_, mangle) => {
    expect(reportSchema.safeParse(mangle(read())).success).toBe(false);
  });

  it('has a schema that JSON Schema can express', () => {
    expect(z.toJSONSchema(reportSchema)).toMatchObject({ type: 'object' });
  });

  it('says loudly when a check has failed', () => {
    const report = read();
    const failed = { ...report, checks: { ...report.checks, passed: false, failures: ['density spin: too large'] } };
    expect(formatReport(failed)).toContain('FAILED: density spin: too large\n1 CHECKS FAILED: trust no figure above');
  });
});

describe('bad flags', () => {
  it('exit with 2, name the flag, point to --help, and start nothing', () => {
    const { status, stdout, stderr } = bench('--rounds', 'many');
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      'bench: --rounds must be a whole number from 1 to 100, not "many".\nRun with --help for all flags.\n',
    );
  });

  it('--help exits with 0', () => {
    const { status, stdout } = bench('--help');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: /);
  });
});
