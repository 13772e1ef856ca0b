// Counts, in its record, the calls that an agent has begun and not ended, for strategies that have no recovery: when the agent
// dies with none open, it held nothing, and its record can be given back. Otherwise its death poisons the pool.

import type { BoundStrategy } from './contract.ts';
import type { WordIndex, Words } from '../words/agent.ts';

/** Calls that hold something once they have returned `true`, a location or a class. */
const BEGINS = [
  'readBegin',
  'writeBegin',
  'holdBegin',
  'lockClassOf',
  'tryLock',
  'relocateBegin',
  'lock',
  'moveBegin',
] as const;
const ENDS = ['readEnd', 'writeEnd', 'holdEnd', 'unlock', 'relocateEnd', 'moveEnd'] as const;
/** Calls that hold nothing afterwards. */
const WHOLE = ['reclaim', 'detach'] as const;
const OTHERS = [
  'isContended',
  'isMoveContended',
  'publish',
  'retireObject',
  'retirePlace',
  'retirePage',
  'retryLater',
] as const;

/** Calls that a strategy may leave out. They hold nothing further. */
const OPTIONAL = ['readNext', 'writeNext'] as const;

type Call = (argument?: unknown, second?: unknown) => unknown;

/** `bound`, counting in `word`. What else it offers is there as before. */
export function countCalls(bound: BoundStrategy, words: Words, word: WordIndex): BoundStrategy {
  const calls = bound as unknown as Record<string, Call>;
  const counted = Object.create(bound) as Record<string, Call>;
  for (const name of BEGINS) {
    counted[name] = (argument) => {
      words[word]! += 1;
      let result: unknown;
      try {
        result = calls[name]!(argument);
      } catch (error) {
        words[word]! -= 1;
        throw error;
      }
      // 0, -1 and false hold nothing; undefined is what a call returns that always does.
      if (result === 0 || result === -1 || result === false) words[word]! -= 1;
      return result;
    };
  }
  for (const name of ENDS) {
    counted[name] = (argument) => {
      calls[name]!(argument);
      words[word]! -= 1;
    };
  }
  for (const name of WHOLE) {
    counted[name] = (argument) => {
      words[word]! += 1;
      try {
        return calls[name]!(argument);
      } finally {
        words[word]! -= 1;
      }
    };
  }
  for (const name of OPTIONAL) {
    if (calls[name] !== undefined) counted[name] = (argument, second) => calls[name]!(argument, second);
  }
  // Called on `bound` itself, which may have private fields.
  for (const name of OTHERS) counted[name] = (argument, second) => calls[name]!(argument, second);
  return counted as unknown as BoundStrategy;
}
