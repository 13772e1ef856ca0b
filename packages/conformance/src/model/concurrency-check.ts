// Readers are inside together in some schedule; where they never are, the strategy makes them take turns.

import type { ExploreResult } from '@zsmalloc/explorer';
import type { Check, Finding } from '../check.ts';
import type { SmallRole } from './small-program.ts';
import { exploreSmall } from './small-program.ts';
import { explorerCheck } from './explorer-check.ts';

const PATIENCE_MS = 8000;
const BEGINS = ['read', 'hold'] as const;

/** See the head of the file. */
export const concurrencyChecks: readonly Check[] = BEGINS.map((begin) => {
  let most = 0;
  const reader: SmallRole = (agent, { ghost }) =>
    agent[begin](1, () => {
      ghost((state) => void (state as { inside: number }).inside++);
      ghost((state) => {
        const here = state as { inside: number };
        most = Math.max(most, here.inside);
        here.inside--;
      });
    });
  const check = explorerCheck({
    id: `two-${begin}s-inside`,
    title: `two agents ${begin} one object`,
    rows: [2],
    race: 'readers have changed what they read',
    explore: (strategy, options): ExploreResult =>
      exploreSmall(
        strategy,
        { setup: (agent) => void agent.malloc(1, 0, 7), agents: { one: reader, two: reader } },
        { ...options, ghost: () => ({ inside: 0 }) },
      ),
  });
  return {
    ...check,
    run: async (context): Promise<Finding> => {
      most = 0;
      let finding = await check.run(context);
      // To find one schedule takes as long as it takes; not to find it says something once all have been seen.
      if (finding.defect === undefined && most < 2) finding = await check.run({ ...context, budgetMs: PATIENCE_MS });
      if (finding.defect !== undefined || most === 2) return finding;
      if (finding.verdict === 'cut-off') return { ...finding, verdict: 'not run' };
      const message = `concurrentReads is declared, but in none of ${finding.counts['executions']} schedules were two agents inside ${begin}Begin and ${begin}End of one object at once`;
      return { ...finding, verdict: 'failed', defect: { message } };
    },
  };
});
