// A process whose instructions are counted: runs one path of one strategy of one build so many times.
//
//   driver ROOT MODULE EXPORT PATH COUNT EXTRA
//
// ROOT is a built working tree. COUNT operations follow a warm-up that is the same for every COUNT, so that the difference
// between two counts is nothing but operations. EXTRA steps of other work in each operation are a planted regression.

import { setImmediate as turn } from 'node:timers/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PATHS } from './paths.ts';
import type { CountedPool } from './paths.ts';

/**
 * Operations between two ends of a turn, where strategies with deferred frees reclaim. So many that there are few turns:
 * after some hundreds the engine compiles Node's own event loop, in the midst of what is counted.
 */
const CHUNK = 2000;
/** Chunks until the engine has compiled the path, and the pool is in a steady state. */
const WARM_CHUNKS = 50;
const POOL_BYTES = 2 ** 24;

const [root, module, exportName, path, count, extra] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
];

async function load(file: string): Promise<Record<string, unknown>> {
  return (await import(pathToFileURL(join(root, 'packages', file, 'dist/index.js')).href)) as Record<string, unknown>;
}

const { createPool } = (await load('core')) as { createPool: (options: object) => CountedPool };
const strategy = (await load(module))[exportName];
const run = PATHS[path]!(createPool({ bytes: POOL_BYTES, strategy }));
const steps = Number(extra);
const sink = new Int32Array(64);

/** `steps` dependent reads and writes for each operation. */
function regress(operations: number): void {
  for (let done = 0; done < operations * steps; done++) sink[done & 63] = sink[(done + 1) & 63]! + 1;
}

for (let chunk = -WARM_CHUNKS; chunk < Number(count) / CHUNK; chunk++) {
  run(CHUNK);
  if (steps > 0) regress(CHUNK);
  await turn();
}
