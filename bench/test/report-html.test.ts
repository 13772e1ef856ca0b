import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { renderHtml } from '../src/report/html.ts';
import { renderMarkdown } from '../src/report/markdown.ts';
import { reproduceCommand } from '../src/report/method.ts';
import { slimReport } from '../src/report/slim.ts';
import { reportSchema } from '../src/model/report-schema.ts';
import { syntheticReport } from './fixtures/synthetic-report.ts';

const report = syntheticReport();
const source = renderHtml(report);
const { document } = parseHTML(source);
const textOf = (selector: string): string =>
  [...document.querySelectorAll(selector)].map(({ textContent }) => textContent).join('\n');

describe('the page', () => {
  it('needs no network and runs no script', () => {
    expect(source).not.toMatch(/<(script|link(?! rel="icon" href="data:,"))|@import|url\(|\b(src|srcset)=/);
    expect([...document.querySelectorAll('[href]')].map((element) => element.getAttribute('href')!)).toSatisfy(
      (links: string[]) => links.every((href) => href.startsWith('#') || href === 'data:,'),
    );
  });
  it('has a target for every link', () => {
    for (const link of document.querySelectorAll('a[href]')) {
      expect(document.getElementById(link.getAttribute('href')!.slice(1)), link.getAttribute('href')!).not.toBeNull();
    }
  });
  it('escapes what a report says', () => {
    expect(source).toContain('SYNTHETIC answer with &lt;b&gt;no markup&lt;/b&gt;.');
    expect(source).not.toContain('<markup>');
  });
  it('gives the answers before the first plot', () => {
    expect(source.indexOf('SYNTHETIC answer that stays open.')).toBeLessThan(source.indexOf('<svg'));
    expect(textOf('.answer .badge')).toBe('proved\nopen');
  });
  it('names every question, answered or not', () => {
    for (const id of ['Q1', 'Q2', 'Q3', 'Q4', 'Q5']) expect(textOf('.questions')).toContain(id);
    expect(textOf('.questions')).toContain('does not answer it');
  });
  it('describes every plot in words, with its figures', () => {
    const plots = [...document.querySelectorAll('svg')];
    expect(plots.length).toBeGreaterThan(20);
    for (const plot of plots) {
      expect(plot.getAttribute('role')).toBe('img');
      expect(plot.getAttribute('aria-label')).toMatch(/^(Line chart|Dot chart|Distribution) of .*\d/);
    }
  });
  it('labels axes with units, and every line', () => {
    const plot = [...document.querySelectorAll('#contention-opsPerSecond svg')]
      .map(({ textContent }) => textContent)
      .join();
    expect(plot).toContain('throughput, thousand ops/s');
    expect(plot).toContain('workers');
    for (const { id } of report.subjects.filter(({ kind }) => kind !== 'harness')) expect(plot).toContain(id);
  });
  it('draws an interval for every figure', () => {
    // Three panels of one scenario's choice have 9 strategies and a peer at 4 numbers of workers.
    const first = document.querySelector('#contention-opsPerSecond .panels')!;
    const bars = [...first.querySelectorAll('g[stroke-opacity="0.45"] line')].filter(
      (line) => line.getAttribute('stroke-dasharray') === null,
    );
    expect(bars.length).toBeGreaterThanOrEqual(40);
  });
  it('lets colours follow the page', () =>
    expect(source.match(/<svg[\s\S]*?<\/svg>/g)!.join()).not.toMatch(/"(#[0-9a-f]{3,6}|black|white)"/));
  it('shows all rows, folded away', () => {
    expect(document.querySelectorAll('details tbody tr').length).toBeGreaterThanOrEqual(report.rows.length);
  });
  it('says how to do it again, with the seed', () => {
    expect(textOf('#reproduce pre')).toBe('npx -y pnpm@12 bench --rounds 8 --seed 1');
    expect(reproduceCommand(report)).not.toContain('/tmp');
  });
  it('warns above all else when checks failed', () => {
    const failed = renderHtml({ ...report, checks: { ...report.checks, passed: false, failures: ['bytes differ'] } });
    expect(failed.indexOf('trust no figure below. The first: bytes differ')).toBeLessThan(failed.indexOf('<main>'));
  });
  it('calls few rounds a smoke run', () => expect(renderHtml(syntheticReport({ rounds: 1 }))).toContain('a smoke run'));
  it('is made from a report without rows too', () => {
    expect(renderHtml({ ...report, rows: [], cells: [], scenarios: [], answers: [] })).toContain('</html>');
  });
});

describe('the slim report', () => {
  const slim = slimReport(report);
  it('fits the schema', () => expect(reportSchema.safeParse(JSON.parse(JSON.stringify(slim))).success).toBe(true));
  it('is much smaller', () => expect(JSON.stringify(slim).length).toBeLessThan(JSON.stringify(report).length / 1.8));
  it('makes the same page, up to rounding', () => {
    const shape = (page: string): string[] => page.match(/<[a-z]+|\b(best|tied|behind|ahead|proved|open)\b/g)!;
    expect(shape(renderHtml(slim))).toEqual(shape(source));
  });
  it('is slim already', () => expect(slimReport(slim)).toEqual(slim));
});

describe('the Markdown', () => {
  const markdown = renderMarkdown(report);
  it('escapes what a report says', () => expect(markdown).toContain('SYNTHETIC answer with \\<b\\>no markup\\</b\\>.'));
  it('has as many cells in every line of a table', () => {
    const tables = markdown.split('\n\n').filter((block) => block.startsWith('|'));
    expect(tables.length).toBeGreaterThan(8);
    for (const table of tables) {
      const counts = table.split('\n').map((line) => line.replaceAll('\\|', '').split('|').length);
      expect(new Set(counts).size, table).toBe(1);
    }
  });
  it('folds numbers away', () => {
    expect(markdown.match(/<details>/g)!.length).toBe(markdown.match(/<\/details>/g)!.length);
    expect(markdown.indexOf('<details>')).toBeGreaterThan(markdown.indexOf('stays open'));
  });
});
