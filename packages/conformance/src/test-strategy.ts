// A strategy's conformance as tests of vitest: one test a row.

import { INVARIANTS } from './invariants.ts';
import type { Report } from './report.ts';
import { runConformance } from './run/run-conformance.ts';
import type { ConformanceOptions } from './run/run-conformance.ts';
import { loadSubject } from './subject.ts';

/** Beyond the time of the checks: hung checks are waited for before they are stopped. */
const GRACE_MS = 120_000;

/**
 * Defines a test for each row; those that do not apply are skipped, with their reason. Call it at the top of a test
 * file and await it: `await testStrategy(import.meta.resolve('./my-strategy.js'))`.
 *
 * @param module URL of a module that exports the strategy, built: it is imported by workers of Node.
 */
export async function testStrategy(module: string | URL, options: ConformanceOptions = {}): Promise<void> {
  const { beforeAll, describe, it } = await import('vitest');
  const { name } = await loadSubject(String(module), options.export);
  describe(`conformance of ${name}`, () => {
    let report: Report;
    const limitMs = (options.minutes ?? 1) * 60_000 * 3 + GRACE_MS;
    beforeAll(async () => {
      report = await runConformance(module, options);
    }, limitMs);
    for (const { number, title } of INVARIANTS) {
      it(`${number} ${title}`, (context) => {
        const row = report.rows.find((each) => each.number === number)!;
        if (row.status === 'does not apply' || row.status === 'not run') context.skip(row.reason);
        checkRow(report, number, row.status);
      });
    }
  });
}

function checkRow(report: Report, number: number, status: string): void {
  if (status !== 'failed') return;
  const found = report.checks.filter(({ defect }) => defect?.rows.includes(number));
  const texts = found.map(({ title, defect }) => [title, defect!.message, defect!.detail ?? '', defect!.replay]);
  throw new Error(texts.map((lines) => lines.join('\n')).join('\n\n'));
}
