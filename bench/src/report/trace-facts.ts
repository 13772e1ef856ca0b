// What an allocation trace says about the needs of the program that made it.

import { readFileSync } from 'node:fs';
import { InputError } from './read.ts';

/** What a recommendation takes from a trace. */
export interface TraceFacts {
  readonly workers: number;
  /** Share of operations that only read, 0 to 1. */
  readonly readShare: number;
}

/** Reads the facts of a trace file. @throws InputError */
export type TraceReader = (path: string) => Promise<TraceFacts>;

/** What is used of the trace package. */
interface TracePackage {
  readTraceSummary(file: Uint8Array): { readonly agents: readonly unknown[]; readonly readShare: number };
}

/** Imported on demand, by name: a recommendation without a trace does not need it. */
const PACKAGE: string = '@zsmalloc/trace';

/** Reads them with the trace package. */
export async function readTraceFacts(path: string): Promise<TraceFacts> {
  try {
    const { readTraceSummary } = (await import(PACKAGE)) as TracePackage;
    const { agents, readShare } = readTraceSummary(readFileSync(path));
    return { workers: Math.max(1, agents.length), readShare };
  } catch (error) {
    throw new InputError(`cannot read the trace ${path}: ${(error as Error).message}`);
  }
}
