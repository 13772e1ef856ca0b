// The example of the README runs as it stands, and the file that it writes is a trace.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readTraceSummary } from '../src/index.ts';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
/** Inside of the package, so that its imports resolve. */
const FOLDER = fileURLToPath(new URL('../dist-test/readme/', import.meta.url));

it('records the example', () => {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const blocks = [...README.matchAll(/```js\n\/\/ (\S+)\n(.*?)```/gs)];
  expect(blocks.map(([, name]) => name)).toEqual(['main.mjs', 'worker.mjs']);
  for (const [, name, code] of blocks) writeFileSync(`${FOLDER}${name}`, code!);
  execFileSync(process.execPath, ['main.mjs'], { cwd: FOLDER });
  const summary = readTraceSummary(readFileSync(`${FOLDER}application.zstrace`));
  expect(summary.agents.map(({ name, events }) => [name, events])).toEqual([
    ['main', 1],
    ['agent 1', 1],
  ]);
  expect([summary.sharedObjects, summary.leftObjects, summary.peakLiveBytes]).toEqual([1, 0, 100]);
});
