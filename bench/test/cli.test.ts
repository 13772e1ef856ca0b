import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { reportSchema } from '../src/model/report-schema.ts';
import type { Report } from '../src/model/report.ts';
import { formatReport } from '../src/report-text.ts';
import { WIDTH_MAX } from '../src/table.ts';

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bench-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
}

const read = (path: string): Report => JSON.parse(readFileSync(path, 'utf8')) as Report;

describe('a small run', () => {
  const path = join(folder, 'deep', 'report.json');
  const scenarios = 'preempted,writeShare,sleepers,memory,lockdep,replay,micro';
  const args = ['--quick', '--scenarios', scenarios, '--strategies', 'bigLock,rcu', '--seed', '3', '--json', path];
  const result = bench(...args, '--seconds', '0.02');

  it('exits with 0 and says that all contents were checked', () => {
    expect(result.stderr).toMatch(/^1 round, \d+ processes: about \d+ s on an idle machine.*\n\[1\/\d+\] /);
    expect(result.stdout).toContain('ALL CHECKS PASSED');
    expect(result.stdout).toContain('each with all of its contents verified');
    expect(result.status).toBe(0);
  });

  it('keeps every line within 80 columns', () => {
    const lines = result.stdout.split('\n').filter((line) => !line.startsWith('Report'));
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(WIDTH_MAX);
  });

  it('writes a report that its schema accepts, with every scenario and subject', () => {
    const report = reportSchema.parse(read(path));
    expect(report.scenarios.map(({ id }) => id).join()).toBe(scenarios);
    for (const id of scenarios.split(',')) {
      const subjects = new Set(report.cells.filter(({ scenario }) => scenario === id).map(({ subject }) => subject));
      expect([...subjects]).toEqual(expect.arrayContaining(['bigLock', 'rcu']));
    }
    expect(report.checks).toMatchObject({ passed: true, cells: report.cells.length });
    expect(report.cells.filter(({ verified, subject }) => verified.pools === 0 && subject !== 'harness')).toEqual([]);
    expect(report.interrupted).toBe(false);
  });

  it('describes every metric and parameter that its cells have, and no other', () => {
    const report = read(path);
    for (const { scenario, metrics, histograms, parameters } of report.cells) {
      const info = report.scenarios.find(({ id }) => id === scenario)!;
      const known = info.metrics.map(({ id }) => id);
      expect(known).toEqual(expect.arrayContaining([...Object.keys(metrics), ...Object.keys(histograms)]));
      expect(Object.keys(parameters)).toEqual(info.parameters.map(({ id }) => id));
      for (const { id, values } of info.parameters) expect(values).toContain(parameters[id]);
    }
  });

  it.each([
    ['a field is missing', (report: Report) => ({ ...report, seconds: undefined })],
    ['there is a field too many', (report: Report) => ({ ...report, extra: 1 })],
    ['a count is negative', (report: Report) => ({ ...report, checks: { ...report.checks, objects: -1 } })],
    ['a failure is called passed', (report: Report) => ({ ...report, checks: { ...report.checks, failures: ['x'] } })],
    ['a row has lost a round', (report: Report) => ({ ...report, rows: [{ ...report.rows[0]!, rounds: [1, 2] }] })],
  ])('has a schema that refuses it when %s', (_, mangle) => {
    expect(reportSchema.safeParse(mangle(read(path))).success).toBe(false);
  });

  it('has a schema that JSON Schema can express', () => {
    expect(z.toJSONSchema(reportSchema)).toMatchObject({ type: 'object' });
  });

  it('says loudly when a check has failed', () => {
    const report = read(path);
    const failed = { ...report, checks: { ...report.checks, passed: false, failures: ['density spin: too large'] } };
    expect(formatReport(failed)).toContain('FAILED: density spin: too large\n1 CHECKS FAILED: trust no figure above');
  });
});

it('Ctrl-C keeps what was measured: a valid report that says so', async () => {
  const path = join(folder, 'interrupted.json');
  const args = [
    '--scenarios',
    'micro',
    '--strategies',
    'bigLock,spin',
    '--rounds',
    '100',
    '--wait',
    '0',
    '--json',
    path,
  ];
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (text.includes('round 2 of')) child.kill('SIGINT');
  });
  const status = await new Promise((resolve) => child.once('close', resolve));
  expect(status).toBe(130);
  const report = reportSchema.parse(read(path));
  expect(report.interrupted).toBe(true);
  expect(report.checks.passed).toBe(true);
  expect(new Set(report.cells.map(({ subject }) => subject))).toEqual(new Set(['bigLock', 'spin']));
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

  it.each([
    [['selftest'], 'bench: selftest needs one of aa, slowdown.'],
    [['selftest', 'aa', '--rounds', '2'], 'bench: --rounds must be a whole number from 6 to 1000, not "2".'],
    [['--input', '/no/such/file'], 'bench: cannot read "/no/such/file", which --input or --trace names.'],
    [['no-such-command'], 'bench: there is no command "no-such-command".'],
  ])('exit with 2 for %j', (args, message) => {
    const { status, stderr } = bench(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });

  it.each([[['--help']], [['run', '--help']], [['selftest', '--help']]])('%j exits with 0', (args) => {
    const { status, stdout } = bench(...args);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: /);
  });
});
