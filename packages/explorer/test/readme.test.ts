// The examples of the README run as they stand, and print what it says they print.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const TSC = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url));
const DIRECTORY = fileURLToPath(new URL('../dist-test/readme/', import.meta.url));

interface Example {
  readonly name: string;
  readonly code: string;
  readonly expected: string | undefined;
}

/** Every `ts` block, with the `text` block that follows it before the next one. */
function examples(): Example[] {
  const blocks = [...README.matchAll(/```(\w+)\n(.*?)```/gs)].map((match) => ({
    language: match[1]!,
    text: match[2]!,
  }));
  return blocks.flatMap(({ language, text }, i) => {
    if (language !== 'ts') return [];
    const next = blocks[i + 1];
    return [{ name: `example-${i}`, code: text, expected: next?.language === 'text' ? next.text : undefined }];
  });
}

/** Without what depends on the file's name and on the time. */
function comparable(output: string): string {
  return output
    .replace(/ +[\w./-]+:\d+$/gm, '')
    .replace(/ at [\w./-]+:\d+/g, '')
    .replace(/\d+ ms/g, '0 ms')
    .trim();
}

beforeAll(() => {
  rmSync(DIRECTORY, { recursive: true, force: true });
  mkdirSync(DIRECTORY, { recursive: true });
  for (const { name, code } of examples()) writeFileSync(`${DIRECTORY}${name}.mts`, code);
  const files = examples().map(({ name }) => `${name}.mts`);
  const options = ['--module', 'nodenext', '--target', 'es2024', '--strict', '--types', 'node', '--ignoreConfig'];
  execFileSync(process.execPath, [TSC, ...options, ...files], { cwd: DIRECTORY });
});

it.each(examples())('$name type-checks and runs as the README says', ({ name, expected }) => {
  const output = execFileSync(process.execPath, [`${DIRECTORY}${name}.mjs`], { encoding: 'utf8' });
  if (expected !== undefined) expect(comparable(output)).toBe(comparable(expected));
});

it('has examples', () => expect(examples().length).toBeGreaterThan(3));
