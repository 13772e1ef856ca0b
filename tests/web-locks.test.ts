// Web Locks as certificates in a real browser, whose workers have no exit event: the watcher is a window, which cannot block.
// Skipped, with the reason in the test's name, where there is no browser.

import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from './browser/serve.ts';

const PATHS = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = PATHS.find((path) => path !== undefined && existsSync(path));
const name =
  executablePath === undefined
    ? 'a window in a browser (skipped: no chromium in /usr/bin, nor in $CHROMIUM)'
    : 'a window in a browser';

interface Outcome {
  readonly report: { readonly reads: number; readonly classes: readonly number[] };
  readonly agents: number;
  readonly isolated: boolean;
}

describe.skipIf(executablePath === undefined)(name, () => {
  let browser: Browser;
  let server: Server;
  let url: string;
  beforeAll(async () => {
    ({ server, url } = await serve());
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  it.each([
    { what: 'inside of reads', reads: 3, locks: 0 },
    { what: 'with class locks held', reads: 0, locks: 4 },
  ])('recovers from a worker that is terminated $what', async ({ reads, locks }) => {
    const page = await browser.newPage();
    await page.goto(url);
    const call = `import('/tests/browser/window.mjs').then(({ killOne }) => killOne({ reads: ${reads}, locks: ${locks} }))`;
    const { report, agents, isolated } = await page.evaluate<Outcome>(call);
    expect(isolated).toBe(true);
    expect(report.reads).toBe(reads);
    expect(report.classes).toHaveLength(locks);
    expect(agents).toBe(1);
    await page.close();
  });
});
