// The data that the user named, or the running Node binary: pages, deflated before anything is timed.

import { join } from 'node:path';
import { createPool } from '@zsmalloc/core';
import { buildDataset } from '../dataset.ts';
import type { DatasetSummary } from '../dataset.ts';
import type { RunOptions } from '../model/scenario.ts';
import { BASELINE_ID, loadStrategy } from '../strategies.ts';

/** A data set in the run's folder. */
export interface PreparedInput {
  readonly path: string;
  readonly summary: DatasetSummary;
}

/** What the data is, for descriptions. */
export function nameInputs({ inputs }: RunOptions): string {
  return inputs.length === 0 ? 'the running Node binary' : inputs.join(', ');
}

/** Compresses up to `pages` pages of the inputs into the file `name` of the run's folder. */
export async function prepareInput(
  { inputs, folder }: RunOptions,
  name: string,
  pages: number,
): Promise<PreparedInput> {
  const path = join(folder, name);
  const pool = createPool({ bytes: 2 ** 20, strategy: await loadStrategy(BASELINE_ID) });
  const { hugeBytes } = pool;
  pool.detach();
  const sources = inputs.length === 0 ? [process.execPath] : inputs;
  return { path, summary: buildDataset(sources, path, pages, hugeBytes) };
}
