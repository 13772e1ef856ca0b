import { it } from 'vitest';
import { exploreRoles } from './model.ts';
const cases = (process.env['CASES'] ?? 'RW,WW,RR').split(',');
const pre = process.env['PRE'];
for (const c of cases) it(c, () => {
  const r = exploreRoles(c, { timeLimitMs: +(process.env['MS'] ?? 20000), ...(pre ? { preemptions: +pre } : {}) });
  console.log(c, r.report);
});
