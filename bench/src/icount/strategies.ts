// The strategies whose hot paths are counted: locks at all levels, a zspage lock alone, no lock for readers.

import { STRATEGIES } from '../strategies.ts';
import type { StrategyEntry } from '../strategies.ts';

/** Counted unless others are named. */
export const COUNTED: readonly string[] = ['spin', 'preemptibleDirect', 'rcuTurn'];

/** Folder of the package below `packages`, and the export. */
export function packageOf(id: string): { readonly folder: string; readonly exportName: string } {
  const found = STRATEGIES.find((entry: StrategyEntry) => entry.id === id);
  if (found === undefined) throw new Error(`there is no strategy "${id}".`);
  return { folder: found.module.replace('@zsmalloc/', ''), exportName: found.exportName };
}
