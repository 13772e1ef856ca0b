// What an allocation trace says about the needs of the program that made it.

import { summarizeTrace } from '@zsmalloc/trace';
import { loadTrace } from '../trace-replay/load.ts';
import { InputError } from './read.ts';

/** What a recommendation takes from a trace. */
export interface TraceFacts {
  readonly workers: number;
  /** Share of operations that only read, 0 to 1; null where the recorder saw no reads and no writes: one of mallocs alone. */
  readonly readShare: number | null;
  /** Objects are held across await. */
  readonly holds: boolean;
}

/** Reads the facts of a trace file, gzipped or not. @throws InputError */
export function readTraceFacts(path: string): TraceFacts {
  try {
    const { agents, calls, readShare } = summarizeTrace(loadTrace(path));
    const sawUses = calls.read + calls.write + calls.hold > 0;
    return { workers: Math.max(1, agents.length), readShare: sawUses ? readShare : null, holds: calls.hold > 0 };
  } catch (error) {
    throw new InputError(`cannot read the trace: ${(error as Error).message}`);
  }
}
