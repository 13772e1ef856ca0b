// docs/writing-a-strategy.md: its code is the example's files, and its commands print what it shows.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const rootPath = fileURLToPath(root);
const example = new URL('examples/04-your-own-lock/', root);
const text = readFileSync(new URL('docs/writing-a-strategy.md', root), 'utf8');
const blocks = [...text.matchAll(/```(\w+)\n([^]*?)```/g)].map(([, language, code]) => ({
  language: language!,
  code: code!,
}));
const FILES = ['first-version.mjs', 'ticket.mjs', 'main.mjs', 'worker.mjs'];
/** Conformance of the two versions, as the text shows it. Half a minute each. */
const isLong = process.env['CONFORMANCE_LONG'] === '1';

/** What a shell block's command prints. */
function outputOf(command: string): string {
  const prefix = 'npx -y pnpm@12 conformance ';
  const [program, ...args] = command.startsWith(prefix)
    ? [process.execPath, 'packages/conformance/dist/cli.js', ...command.slice(prefix.length).split(' ')]
    : command.split(' ');
  return spawnSync(program!, args, { cwd: rootPath, encoding: 'utf8' }).stdout;
}

/** Without line ends and numbers, which are others each time. */
const comparable = (output: string): string => output.replaceAll(/\s+/g, ' ').replaceAll(/\d+/g, 'N').trim();

/** Every piece between two lines of dots is there, in order. */
function expectToShow(output: string, shown: string): void {
  let rest = comparable(output);
  for (const piece of shown.split('...\n')) {
    const at = rest.indexOf(comparable(piece));
    expect(at, `${piece}\nin\n${output}`).toBeGreaterThanOrEqual(0);
    rest = rest.slice(at);
  }
}

/** "Some things that the kit would have found, had they been otherwise": what, instead of what, and the check that finds it. */
const OTHERWISE: readonly [string, string, string][] = [
  [
    'Atomics.wait(words, word + 1, served)',
    'Atomics.wait(words, word + 1, Atomics.load(words, word + 1))',
    'class-lock-two',
  ],
  ['Atomics.notify(words, word + 1)', 'Atomics.notify(words, word + 1, 1)', 'class-lock-three'],
  ['parks: true', 'parks: false', 'waits-counted'],
  [
    'if (Atomics.compareExchange(words, word, agent.index, 0) === agent.index) return;',
    'return void Atomics.store(words, word, 0);',
    'misuse',
  ],
];

describe('docs/writing-a-strategy.md', () => {
  it.each(FILES)('shows %s as it is', (file) => {
    const shown = blocks.filter(({ code }) => code.startsWith(`// ${file}\n`));
    expect(shown).toHaveLength(1);
    expect(shown[0]!.code.slice(`// ${file}\n`.length)).toBe(readFileSync(new URL(file, example), 'utf8'));
  });

  const commands = blocks.flatMap(({ language, code }, i) =>
    language === 'sh' ? [{ command: code.trim(), shown: blocks[i + 1] }] : [],
  );

  it('has its commands', () => expect(commands).toHaveLength(5));

  const conformance = commands.filter(
    ({ command, shown }) => command.includes('conformance') && shown?.language === 'text',
  );
  it.runIf(isLong).each(conformance)('$command prints what it shows', ({ command, shown }) => {
    expectToShow(outputOf(command), shown!.code);
  });

  it('shows what the quick checks say of the first version', () => {
    const [report] = blocks.filter(({ language }) => language === 'text');
    const failures = report!.code.split('...\n').filter((piece) => /^FAILED.*\n?.*\(unit; /.test(piece));
    expect(failures).toHaveLength(2);
    for (const [i, check] of ['refusals-counted', 'misuse'].entries()) {
      const command = `npx -y pnpm@12 conformance examples/04-your-own-lock/first-version.mjs --replay ${check}`;
      expectToShow(outputOf(command), failures[i]!);
    }
  });

  it('has a second version with which nothing is wrong, as far as quick checks tell', () => {
    for (const check of [
      'refusals-counted',
      'waits-counted',
      'misuse',
      'class-lock-two',
      'read-beside-move',
      'hold-open',
    ]) {
      const command = `npx -y pnpm@12 conformance examples/04-your-own-lock/ticket.mjs --minutes 0.02 --replay ${check}`;
      expect(outputOf(command)).toMatch(/^passed: /m);
    }
  });

  it.each(OTHERWISE)('would not get away without "%s"', (right, wrong, check) => {
    const code = readFileSync(new URL('ticket.mjs', example), 'utf8');
    expect(code).toContain(right);
    const broken = new URL('examples/dist-test/otherwise.mjs', root);
    mkdirSync(new URL('.', broken), { recursive: true });
    writeFileSync(broken, code.replace(right, wrong));
    const command = `npx -y pnpm@12 conformance examples/dist-test/otherwise.mjs --replay ${check}`;
    expect(outputOf(command)).toMatch(/^failed: /m);
  });

  it('ends with a pool that works', () => {
    const last = commands.at(-1)!;
    expect(execFileSync(process.execPath, [last.command.split(' ')[1]!], { cwd: rootPath, encoding: 'utf8' })).toBe(
      last.shown!.code,
    );
  });
});
