import { describe, expect, it } from 'vitest';
import { explorePool } from './model/model-pool.ts';
import { threeAgents, twoAgents } from './model/programs.ts';
import { strategies } from './strategies.ts';

const only = process.env['ONLY'];
describe.each(strategies.filter((s) => only === undefined || s.name === only))('$name, in every schedule', ({ strategy, name }) => {
  it.each(Object.entries({...twoAgents, ...threeAgents}))('keeps the pool whole: %s', (what, build) => {
    const result = explorePool({...build(strategy), options: {timeLimitMs: 8000}});
    console.log(name.padEnd(18), what.padEnd(50), result.report.split('\n')[0], result.verdict, result.executions, result.pruned, Math.round(result.elapsedMs));
    expect(result.verdict === 'failed' ? result.report : '').toBe('');
  });
});
