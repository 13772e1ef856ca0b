import { expect, it } from 'vitest';
import { Random } from '../dist/random.js';
import {
  difference,
  outcomes,
  outcomesAsync,
  type RandomProgram,
  randomProgram,
  reducedOutcomes,
  type SelfCheck,
  selfCheck,
} from './self-check.ts';

const PROGRAMS = 400;

function show(check: SelfCheck): string {
  const { compared, skipped, unreducedExecutions, reducedExecutions } = check;
  const executions = `${unreducedExecutions} executions unreduced, ${reducedExecutions} reduced`;
  return `${compared} programs compared, ${skipped} too large; ${executions}`;
}

it('reaches with the reduction exactly the outcomes that it reaches without', () => {
  const seed = Number(process.env['EXPLORER_SEED'] ?? Date.now() % 1_000_000);
  const check = selfCheck(seed, PROGRAMS);
  console.log(`self-check with EXPLORER_SEED=${seed}: ${show(check)}`);
  expect(check.mismatches).toEqual([]);
  expect(check.compared).toBeGreaterThan(PROGRAMS * 0.8);
  expect(check.reducedExecutions).toBeLessThan(check.unreducedExecutions);
});

it.each(['sleepers-never-wake', 'no-race-reversal'] as const)('notices a reduction with the fault "%s"', (fault) => {
  expect(selfCheck(7, PROGRAMS, fault, 1).mismatches).toHaveLength(1);
});

// Found by the self-check: a timeout that a notification took away, and a choice among spinning threads that was none.
it.each<RandomProgram>([
  {
    threads: [
      [
        [4, 1, 0],
        [7, 1, 2],
      ],
      [
        [13, 1, 0],
        [13, 1, 0],
      ],
    ],
    isSymmetric: false,
    timeouts: 'any',
  },
  {
    threads: [
      [
        [4, 0, 0],
        [10, 0, 1],
        [12, 1, 1],
      ],
      [
        [4, 0, 0],
        [10, 0, 1],
        [12, 1, 1],
      ],
    ],
    isSymmetric: true,
    timeouts: 'rescue',
  },
])('reaches the same outcomes for a program that once differed (%#)', (once) => {
  expect(difference(outcomes(once, { mode: 'unreduced' }), reducedOutcomes(once))).toEqual([]);
});

it('reaches the same outcomes whether the threads are driven as synchronous or as async ones', async () => {
  const random = new Random(5);
  for (let i = 0; i < 100; i++) {
    const randomly = randomProgram(random);
    expect(difference(outcomes(randomly, {}), await outcomesAsync(randomly)), `program ${i}`).toEqual([]);
  }
});
