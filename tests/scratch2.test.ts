import { writeSync } from 'node:fs';
import { it } from 'vitest';
import { explorePool } from './model/model-pool.ts';
import { threeAgents, twoAgents } from './model/programs.ts';
import { strategyNamed } from './strategies.ts';
import { Worker } from 'node:worker_threads';
it('x', async () => {
  new Worker('/tmp/watch.mjs'); await new Promise((r) => setTimeout(r, 300));
  const build = { ...twoAgents, ...threeAgents }[Object.keys({ ...twoAgents, ...threeAgents }).find((k) => k.includes(process.env['PICK']!))!]!;
  const program = build(strategyNamed(process.env['ONLY']!).strategy);
  let n = 0;
  explorePool({ ...program, options: { timeLimitMs: 3000, ...program.options, onOutcome: (o) => { n++; if (o.ending !== 'complete') { writeSync(2, `${n} ${o.ending} ${JSON.stringify(o.results)} ${JSON.stringify(o.blocked)}\n`); process.exit(1); } } } });
  writeSync(2, `${n}\n`);
});
