// The example of the README runs as it stands, and prints what it says.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const DIRECTORY = new URL('../dist-test/', import.meta.url);

/** Without directories, and without what Node has below the main module. */
function comparable(output: string): string {
  return output
    .split('\n')
    .filter((line) => !line.includes('node:internal'))
    .map((line) => line.replace(/(?:file:\/\/)?\/[^\s()]*\/([^/\s()]+)/g, '$1').replace(/(\w\.js):\d+:\d+/, '$1'))
    .join('\n')
    .trim();
}

it('has an example that runs as it stands', () => {
  const code = /```js\n(.*?)```/s.exec(README)![1]!;
  const expected = /```text\n(.*?)```/s.exec(README)![1]!;
  mkdirSync(DIRECTORY, { recursive: true });
  const main = new URL('main.mjs', DIRECTORY);
  writeFileSync(main, code);
  expect(comparable(execFileSync(process.execPath, [main.pathname], { encoding: 'utf8' }))).toBe(comparable(expected));
});
