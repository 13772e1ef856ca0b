// Every strategy that is declared robust gets over deaths of real workers. KILLS=1010 is the long profile: over all
// strategies together more than 10,000 deaths, in a quarter of an hour or more.

import { describe, expect, it } from 'vitest';
import { Killer } from './killer.ts';
import { strategies } from './strategies.ts';

const KILLS = Number(process.env['KILLS'] ?? 30);
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const robust = strategies.filter(({ capabilities }) => capabilities.robust);

describe.each(robust)('$name', (strategy) => {
  it(`gets over the death of ${KILLS} agents at random instants`, { timeout: 120_000 + KILLS * 5000 }, async () => {
    console.log(`${strategy.name}: seed ${SEED}`);
    const result = await new Killer({ strategy, workers: 5, kills: KILLS, seed: SEED }).run();
    const { recoveryMs, reports, killed, steps, ...costs } = result;
    const sorted = recoveryMs.toSorted((a, b) => a - b);
    const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(2);
    const changing = reports.filter(({ classes }) => classes.length > 0).length;
    const torn = reports.filter((report) => report.torn !== 0).length;
    const reading = reports.filter(({ reads }) => reads > 0).length;
    console.log(
      `${strategy.name}: ${killed} killed, ${steps} steps, ${reports.length} recoveries, ${changing} of classes, ${reading} of reads, ${torn} torn; ms: median ${at(0.5)}, 95 % ${at(0.95)}, most ${at(1)}`,
    );
    expect(costs).toEqual({ damaged: 0, halfWritten: 0, lostObjects: 0, lostPages: 0 });
    expect(killed).toBeGreaterThanOrEqual(KILLS);
    expect(reports.length).toBeGreaterThan(KILLS / 2);
  });
});
