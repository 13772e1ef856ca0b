// Counts the instructions of an operation: two runs of the same process that differ in their number of operations only,
// under callgrind. The count does not depend on the load of the machine, and repeats within 0.5 %.
//
// --predictable and the seeds make the engine compile the same code at the same operation in every run.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { packageOf } from './strategies.ts';

const run = promisify(execFile);

const DRIVER: string = fileURLToPath(new URL('./driver.js', import.meta.url));
const ENGINE = ['--predictable', '--hash-seed=1', '--random-seed=1'];
const FEW = 20_000;
/** The engine compiles or collects garbage now and then, for some million instructions: they are to be less than a percent. */
const MANY = 300_000;
const RUN_MS_MAX = 600_000;

/** What is counted. */
export interface Counted {
  /** A built working tree. */
  readonly root: string;
  readonly strategy: string;
  readonly path: string;
  /** Steps of planted work in each operation. */
  readonly extra: number;
}

/** Whether there is a valgrind here. */
export async function hasValgrind(): Promise<boolean> {
  try {
    await run('valgrind', ['--version']);
    return true;
  } catch {
    return false;
  }
}

async function instructionsOf({ root, strategy, path, extra }: Counted, operations: number): Promise<number> {
  const { folder, exportName } = packageOf(strategy);
  const job = [DRIVER, root, folder, exportName, path, String(operations), String(extra)];
  const valgrind = ['--tool=callgrind', '--callgrind-out-file=/dev/null'];
  const options = { timeout: RUN_MS_MAX, maxBuffer: 2 ** 24 };
  const { stderr } = await run('valgrind', [...valgrind, process.execPath, ...ENGINE, ...job], options);
  const found = /Collected : (\d+)/.exec(stderr);
  if (found === null) throw new Error(`callgrind told no count for ${strategy}, ${path}. ${stderr.slice(-2000)}`);
  return Number(found[1]);
}

/** Instructions of one operation. */
export async function countInstructions(counted: Counted): Promise<number> {
  const few = await instructionsOf(counted, FEW);
  const many = await instructionsOf(counted, MANY);
  return (many - few) / (MANY - FEW);
}

/** Calls `work` for all items, `width` at a time, and keeps their order. */
export async function mapWide<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  const following = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of following) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}
