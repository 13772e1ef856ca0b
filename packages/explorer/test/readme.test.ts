// The examples of the README run as they stand, and print what it says they print.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
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

it.each(examples())('$name runs as the README says', ({ name, code, expected }) => {
  mkdirSync(DIRECTORY, { recursive: true });
  const file = `${DIRECTORY}${name}.mjs`;
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  writeFileSync(file, outputText);
  const output = execFileSync(process.execPath, [file], { encoding: 'utf8' });
  if (expected !== undefined) expect(comparable(output)).toBe(comparable(expected));
});

it('has examples', () => expect(examples().length).toBeGreaterThan(3));
