import { it, vi, beforeAll } from 'vitest';
import { rcu } from '../src/index.ts';
import { explorePool } from './pool-programs.ts';
import { SLOT_BYTES, compactAndReuse, read, twoHalves } from './pool-roles.ts';
for (const o of [{ preemptions: 1 }] as const)
it('x' + JSON.stringify(o), () => {
  const r = explorePool({ strategy: rcu, setup: twoHalves, roles: { anna: read, ben: read, mover: (p) => void p.compact() } }, SLOT_BYTES, o);
  console.log(r.report.split("\n").filter((l: string) => / page 6\+0|6144|5122|6145/.test(l)).join("\n"));
});
