import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const examples = new URL('../', import.meta.url);
const text = (url: URL): string => readFileSync(url, 'utf8');
const sorted = (lines: string): string[] => lines.trim().split('\n').toSorted();

const names = readdirSync(examples).filter((name) => existsSync(new URL(`${name}/main.mjs`, examples)));

describe('examples', () => {
  it('are all there', () => {
    expect(names).toEqual(['01-two-workers', '02-just-the-lock', '03-compaction', '04-your-own-lock']);
  });

  it.each(names)('%s prints what it says', (name) => {
    const output = execFileSync(process.execPath, [fileURLToPath(new URL(`${name}/main.mjs`, examples))], {
      encoding: 'utf8',
    });
    // Workers print in any order.
    expect(sorted(output)).toEqual(sorted(text(new URL(`${name}/expected.txt`, examples))));
  });
});

describe('the quick start in the README', () => {
  const blocks = [...text(new URL('README.md', root)).matchAll(/```js\n\/\/ (\w+\.mjs)\n([^]*?)```/g)];

  it('is the first example, file by file', () => {
    expect(blocks.map((block) => block[1])).toEqual(['main.mjs', 'worker.mjs']);
    for (const [, file, code] of blocks) expect(code).toBe(text(new URL(`01-two-workers/${file}`, examples)));
  });
});
