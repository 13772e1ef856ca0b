import { it } from 'vitest';
import { exploreRoles } from './model.ts';
import { MUTANTS } from './mutants.ts';
for (const [n, roles, s] of MUTANTS) it(n, () => {
  const r = exploreRoles(roles, { timeLimitMs: 20000, ...(roles.length > 2 ? { preemptions: 2 } : {}) }, s);
  console.log(n, '|', roles, '|', r.failure ? r.failure.kind + ': ' + r.failure.message : 'NOT CAUGHT', r.report.split('\n').at(-1));
});
