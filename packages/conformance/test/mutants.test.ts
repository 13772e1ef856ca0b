// The kit is tested: it rejects each mutant, by the row that the mutant breaks and in words that point at the defect, and
// it finds nothing wrong with the right strategies that mutants are made of.
//
// CONFORMANCE_LONG=1 runs all checks on each of them. `npx vitest run mutants -u` writes docs/mutants.md again.

import { formatReport, INVARIANTS, runConformance } from '@zsmalloc/conformance';
import type { CheckResult, ConformanceOptions, Report } from '@zsmalloc/conformance';
import { strategyNames } from '../src/subject.ts';
import { describe, expect, it } from 'vitest';
import { importMutant, mutants } from './mutant-list.ts';

const isLong = process.env['CONFORMANCE_LONG'] === '1';
const controls = new URL('../dist-test/mutants/base/controls.js', import.meta.url).href;

/** Explorer checks end with the first failure, so they only take what they need; torture takes what it is given. */
const isOnThreads = (check: string): boolean => /^(torture|killer)/.test(check);
const minutesOf = (check: string): number => (isOnThreads(check) ? 0.03 : 1);
/** Threads show a defect sooner or later: on a busy machine not always in the first seconds. */
const ATTEMPTS = 3;
/** Few schedules of many programs, and no row 21, which needs time to find what it plants. In the long run: everything. */
const CONTROL: ConformanceOptions = isLong
  ? { minutes: 1 }
  : {
      minutes: 0.02,
      kinds: ['explorer', 'unit'],
      rows: INVARIANTS.map(({ number }) => number).filter((row) => row !== 21),
    };
const LONG_MINUTES = 0.4;
const SEED = 1;

/** Rows that no mutant breaks, and why. */
const WITHOUT_MUTANTS: Readonly<Record<number, string>> = {
  10: 'every strategy that leaves waiters of the dead alone breaks row 9 too, and first',
  12: 'the contract has no such call',
  20: 'strategies have one kernel',
  21: 'is about the kit: a mutant that is caught shows it',
};

/** Without numbers of lines, which change with any edit. */
const withoutPlaces = (text: string): string => text.replaceAll(/ at [\w/-]+\.js:\d+/g, '');

const found = new Map<string, CheckResult>();

async function judge(module: string, check: string): Promise<Report> {
  for (let attempt = 1; ; attempt++) {
    const report = await runConformance(module, { check, minutes: minutesOf(check) * attempt, seed: SEED });
    if (report.verdict === 'failed' || !isOnThreads(check) || attempt === ATTEMPTS) return report;
  }
}

describe('a mutant is rejected', () => {
  it.each(mutants)('$name', async (mutant) => {
    const { strategies, caught } = await importMutant(mutant);
    expect(strategies).toHaveLength(1);
    expect(strategies[0]![1].id).toBe(strategies[0]![0]);
    const { check, rows, words } = caught;
    const report = await judge(mutant.module, check);
    const [result] = report.checks;
    expect(report.verdict, formatReport(report)).toBe('failed');
    expect(result!.defect?.message).toMatch(words);
    expect(result!.defect?.rows).toEqual(expect.arrayContaining([...rows]));
    found.set(mutant.name, result!);
  });

  it('for each row', async () => {
    const broken = new Set<number>();
    for (const mutant of mutants) for (const row of (await importMutant(mutant)).caught.rows) broken.add(row);
    const without = INVARIANTS.map(({ number }) => number).filter((number) => !broken.has(number));
    expect(without).toEqual(Object.keys(WITHOUT_MUTANTS).map(Number));
  });
});

describe('a right strategy passes', async () => {
  it.each(await strategyNames(controls))('%s', async (name) => {
    const report = await runConformance(controls, { export: name, ...CONTROL });
    expect(report.checks.length).toBeGreaterThan(60);
    expect(
      report.rows.filter(({ status }) => status === 'failed'),
      formatReport(report),
    ).toEqual([]);
  });
});

describe.runIf(isLong)('all rows', () => {
  it.each(mutants)('of $name', async (mutant) => {
    const report = await runConformance(mutant.module, { minutes: LONG_MINUTES });
    expect(report.verdict, formatReport(report)).toBe('failed');
    const { rows } = (await importMutant(mutant)).caught;
    const failed = report.rows.filter(({ status }) => status === 'failed').map(({ number }) => number);
    expect(failed).toEqual(expect.arrayContaining([...rows]));
  });
});

it.runIf(process.argv.every((argument) => argument !== '-t'))('docs/mutants.md lists them all', async () => {
  expect([...found.keys()]).toEqual(mutants.map(({ name }) => name));
  const rows = await Promise.all(
    mutants.map(async (mutant) => {
      const { caught } = await importMutant(mutant);
      const { title, kind, defect } = found.get(mutant.name)!;
      const words = withoutPlaces(caught.words.exec(defect!.message)![0]);
      return `| [${mutant.name}](../packages/conformance/mutants/${mutant.name}.ts) | ${mutant.defect} | ${caught.rows.join(', ')} | ${title} (${kind}) | "${words}" |`;
    }),
  );
  const head = [
    '# Mutants of the conformance kit',
    '',
    'Generated: run `npx vitest run mutants -u`. Each mutant is a strategy with one planted bug. The kit rejects it by a check of',
    'the rows that stand here, in these words. `npx -y pnpm@12 conformance packages/conformance/dist-test/mutants/NAME.js` shows',
    'all that it has to say. The head of each file tells where such bugs occur.',
    '',
    `${mutants.length} mutants, of all capabilities but \`fairness\` 'writer-first' and 'phase-fair': on two cores no torture tells them from 'none'. Rows without one: ${Object.entries(
      WITHOUT_MUTANTS,
    )
      .map(([row, why]) => `${row} (${why})`)
      .join('; ')}.`,
    '',
    '| mutant | what is wrong | rows | check | words of the report |',
    '| --- | --- | --- | --- | --- |',
  ];
  await expect([...head, ...rows, ''].join('\n')).toMatchFileSnapshot('../../../docs/mutants.md');
});
