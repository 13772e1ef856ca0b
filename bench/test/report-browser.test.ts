// The page in a real browser. Skipped, with the reason in the test's name, where there is none.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderHtml } from '../src/report/html.ts';
import { syntheticReport } from './fixtures/synthetic-report.ts';

const PATHS = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = PATHS.find((path) => path !== undefined && existsSync(path));
const name =
  executablePath === undefined
    ? 'the page in a browser (skipped: no chromium in /usr/bin, nor in $CHROMIUM)'
    : 'the page in a browser';

describe.skipIf(executablePath === undefined)(name, () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-page-'));
  const url = pathToFileURL(join(folder, 'report.html')).href;
  let browser: Browser;
  beforeAll(async () => {
    writeFileSync(join(folder, 'report.html'), renderHtml(syntheticReport()));
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  /** Opens the page, hands it to `look`, and returns what it complained of and what it asked the network for. */
  async function open(
    width: number,
    colorScheme: 'light' | 'dark',
    look: (page: Page) => Promise<void>,
  ): Promise<{ complaints: string[]; requests: string[] }> {
    const context = await browser.newContext({ viewport: { width, height: 844 }, colorScheme });
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(url);
    await look(page);
    await context.close();
    return { complaints, requests };
  }

  const openAllDetails = (page: Page): Promise<void> =>
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true");

  it('asks for nothing but itself, and complains of nothing', async () => {
    const { complaints, requests } = await open(1200, 'light', openAllDetails);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([url]);
  });
  it.each([390, 320, 1200])('does not scroll sideways at %i pixels, everything unfolded', async (width) => {
    await open(width, 'light', async (page) => {
      await openAllDetails(page);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    });
  });
  it('shows a table of four columns whole on a phone', async () => {
    await open(390, 'light', async (page) => {
      const widths = (await page.evaluate(
        "[...document.querySelectorAll('#contention .tables .scroll')].map((table) => table.scrollWidth - table.clientWidth)",
      )) as number[];
      expect(widths.length).toBeGreaterThan(1);
      expect(Math.max(...widths)).toBeLessThanOrEqual(0);
    });
  });
  it('keeps the text of plots readable on a phone', async () => {
    await open(390, 'light', async (page) => {
      const heights = (await page.evaluate(
        "[...document.querySelectorAll('.panels svg text')].map((text) => text.getBoundingClientRect()).filter(({ width }) => width > 0).map(({ height }) => height)",
      )) as number[];
      expect(heights.length).toBeGreaterThan(100);
      expect(Math.min(...heights)).toBeGreaterThan(11);
    });
  });
  it('cuts no label of a plot off, and lets none overlap another', async () => {
    await open(390, 'light', async (page) => {
      const faults = await page.evaluate(`[...document.querySelectorAll('.panels svg')].flatMap((svg) => {
        const frame = svg.getBoundingClientRect();
        if (frame.width === 0) return [];
        const boxes = [...svg.querySelectorAll('text')].filter((text) => text.textContent !== '').map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }));
        const cut = boxes.filter(({ box }) => box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1);
        // Boxes of text are taller than its letters: a few pixels in common are no overlap.
        const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 5;
        const over = boxes.flatMap((one, index) => boxes.slice(index + 1).filter((other) => meet(one.box, other.box)).map((other) => one.text + ' over ' + other.text));
        return [...cut.map(({ text }) => text + ' cut off'), ...over];
      })`);
      expect(faults).toEqual([]);
    });
  });
  it.each(['light', 'dark'] as const)('has enough contrast in the %s', async (scheme) => {
    await open(1200, scheme, async (page) => {
      const ratios = (await page.evaluate(`(() => {
        const luminance = (css) => {
          const [r, g, b] = css.match(/[\\d.]+/g).map((part) => part / 255).map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const page = luminance(getComputedStyle(document.body).backgroundColor);
        const ratio = (css) => { const own = luminance(css); return (Math.max(own, page) + 0.05) / (Math.min(own, page) + 0.05); };
        const texts = [...document.querySelectorAll('svg text')].map((text) => getComputedStyle(text).fill);
        const others = [...document.querySelectorAll('p, a, summary, figcaption, td.best')].map((element) => getComputedStyle(element).color);
        return [...new Set([...texts, ...others])].map((css) => [css, ratio(css)]);
      })()`)) as [string, number][];
      expect(ratios.length).toBeGreaterThan(5);
      expect(ratios.filter(([, ratio]) => ratio < 4.5)).toEqual([]);
    });
  });
});
