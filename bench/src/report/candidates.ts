// The strategies that can be recommended, with what they say they can do: read from the strategies themselves.

import type { Capabilities, StrategyWords } from '@zsmalloc/core/strategy';
import { STRATEGIES, availableStrategies, loadStrategy } from '../strategies.ts';

/** A strategy that somebody could import. */
export interface Candidate {
  readonly id: string;
  readonly module: string;
  readonly capabilities: Capabilities;
  readonly words: StrategyWords;
}

async function load(): Promise<Candidate[]> {
  const available = await availableStrategies();
  const entries = STRATEGIES.filter(({ id }) => available.includes(id));
  return Promise.all(
    entries.map(async ({ id, module }) => {
      const { capabilities, words } = await loadStrategy(id);
      return { id, module, capabilities, words };
    }),
  );
}

/** In the order of the tables. No process that measures loads this module: it loads all strategies. */
export const CANDIDATES: readonly Candidate[] = await load();
