import { it } from 'vitest';
import { selfCheck } from './self-check.ts';
it('x', () => {
  const t = performance.now();
  const r = selfCheck(Number(process.env['SEED'] ?? 1), Number(process.env['COUNT'] ?? 300));
  console.log({ ...r, mismatches: r.mismatches.length, ms: performance.now() - t });
  console.log(r.mismatches.slice(0, 5).join('\n'));
});
