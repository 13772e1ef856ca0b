// What is generated must be what is checked in. To write it again:
//
//   npx -y pnpm@12 bench report --docs             after a change of the text around, or of how it is generated
//   npx -y pnpm@12 report:docs                     measures first
//   npx vitest run report-docs -u                  for bench/report.schema.json

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CHECKED_IN_REPORT, filesOfCheckedInReport, pathOf } from '../src/report/docs.ts';
import { countBlocks, fillBlocks } from '../src/report/docs-blocks.ts';
import { figureFiles } from '../src/report/figure-files.ts';
import { readReport } from '../src/report/read.ts';
import { reportSchemaJson } from '../src/report/schema-json.ts';
import { slimReport } from '../src/report/slim.ts';
import { syntheticReport } from './fixtures/synthetic-report.ts';

describe('the checked-in report', () => {
  it.each(filesOfCheckedInReport())('is what $path was generated from', ({ path, text }) => {
    expect(readFileSync(pathOf({ path }), 'utf8') === text, `${path} is stale: see the head of this test`).toBe(true);
  });
  it('is slim', () => {
    const report = readReport(CHECKED_IN_REPORT);
    expect(JSON.stringify(slimReport(report))).toBe(JSON.stringify(report));
  });
  it('has passed its checks and was not broken off', () => {
    expect(readReport(CHECKED_IN_REPORT)).toMatchObject({ checks: { passed: true }, interrupted: false });
  });
  it.each(['README.md', 'docs/choosing-a-lock.md'])('has blocks in %s', (path) => {
    expect(countBlocks(readFileSync(pathOf({ path }), 'utf8'))).toBeGreaterThan(0);
  });
});

describe('a block of the documentation', () => {
  const report = syntheticReport({ rounds: 6 });
  const filled = (block: string): string =>
    fillBlocks(`before\n<!-- report:${block} -->\nold 12.3\n<!-- /report -->\nafter`, report, 'x.md');
  it('is replaced, what is around it stays', () => {
    const text = filled('machine');
    expect(text).toMatch(
      /^before\n<!-- report:machine -->\n\nMeasured on SYNTHETIC processor[\s\S]*<!-- \/report -->\nafter$/,
    );
    expect(text).not.toContain('12.3');
  });
  it('stays the same when it is made again', () => {
    const text = filled('profiles');
    expect(fillBlocks(text, report, 'x.md')).toBe(text);
  });
  it('shows who leads in a scenario', () => expect(filled('leaders shares')).toContain('| **best** |'));
  it('shows the answers to one question only', () => {
    expect(filled('answers Q2')).toContain('stays open');
    expect(filled('answers Q2')).not.toContain('no markup');
  });
  it('shows plots as files that exist', () => {
    const figures = figureFiles(report, 'shares');
    expect(figures.length).toBeGreaterThan(2);
    for (const { name, text } of figures) {
      expect(filled('figures shares')).toContain(`](report/${name})`);
      expect(text).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="352" height="\d+"/);
      expect(text).toContain('prefers-color-scheme: dark');
    }
  });
  it('is refused when nobody knows it', () => expect(() => filled('prophecy')).toThrow(/x\.md has a block "prophecy"/));
});

describe('the JSON schema', () => {
  const path = fileURLToPath(new URL('../report.schema.json', import.meta.url));
  it('is that of the reports', async () => {
    await expect(reportSchemaJson()).toMatchFileSnapshot(path);
  });
  it('accepts a report and refuses a damaged one', () => {
    const schema = z.fromJSONSchema(JSON.parse(readFileSync(path, 'utf8')));
    const report = JSON.parse(JSON.stringify(syntheticReport({ rounds: 1 })));
    expect(schema.safeParse(report).success).toBe(true);
    expect(schema.safeParse({ ...report, seconds: 'long' }).success).toBe(false);
    expect(schema.safeParse({ ...report, surprise: 1 }).success).toBe(false);
  });
});
