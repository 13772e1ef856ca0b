// `bench report`: makes the page and the Markdown from a report, and keeps the documentation up to date with it.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ArgumentError, readFlags } from '../arguments.ts';
import type { Report } from '../model/report.ts';
import { CHECKED_IN_REPORT, filesOfCheckedInReport, filesOfNewReport, pathOf } from './docs.ts';
import type { GeneratedFile } from './docs.ts';
import { renderHtml } from './html.ts';
import { renderMarkdown } from './markdown.ts';
import { InputError, readReport } from './read.ts';
import { slimReport } from './slim.ts';

export { renderHtml, renderMarkdown };

const HELP = `Usage: npx -y pnpm@12 bench report [REPORT.json] [flags]
       npx -y pnpm@12 bench report --docs --measure [-- flags of bench run]

Makes other forms of a report; without a file, of docs/report/report.json.

  --html FILE       one page: answers, plots, numbers; no network, no script
  --markdown FILE   for the text of a pull request
  --slim FILE       JSON without what rows have already
  --docs            writes docs/report and the generated parts of README.md
                    and docs/choosing-a-lock.md
  --measure         runs the bench first, with the flags behind "--"
  --help            this text

Exit status: 0 done, 1 the run failed a check, 2 bad input, 130 broken off.
`;

const TEXT = { type: 'string' } as const;
const YES = { type: 'boolean' } as const;
const FLAGS = { html: TEXT, markdown: TEXT, slim: TEXT, docs: YES, measure: YES, help: YES } as const;

interface Choice {
  readonly path: string | null;
  readonly htmlPath: string | null;
  readonly markdownPath: string | null;
  readonly slimPath: string | null;
  readonly docs: boolean;
  /** Flags of the run to make first; null: none. */
  readonly measure: readonly string[] | null;
}

function choiceOf(argv: readonly string[]): Choice | 'help' {
  const own = argv[0] === '--' ? argv.slice(1) : argv;
  const end = own.indexOf('--');
  const { values: flags, positionals } = readFlags(end < 0 ? own : own.slice(0, end), FLAGS);
  if (flags.help === true) return 'help';
  if (positionals.length > 1) throw new ArgumentError(`report takes one report, not ${positionals.length}.`);
  if (end >= 0 && flags.measure !== true) throw new ArgumentError('what is behind "--" is for --measure.');
  if (flags.measure === true && positionals.length > 0)
    throw new ArgumentError('--measure makes a report of its own; name none.');
  const choice: Choice = {
    path: positionals[0] ?? null,
    htmlPath: flags.html ?? null,
    markdownPath: flags.markdown ?? null,
    slimPath: flags.slim ?? null,
    docs: flags.docs === true,
    measure: flags.measure === true ? own.slice(end < 0 ? own.length : end + 1) : null,
  };
  const asksNothing =
    choice.htmlPath === null && choice.markdownPath === null && choice.slimPath === null && !choice.docs;
  if (asksNothing) throw new ArgumentError('report needs --html, --markdown, --slim or --docs: what should it write?');
  return choice;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(resolve(path)), { recursive: true });
  writeFileSync(path, text);
  process.stdout.write(`wrote ${path}\n`);
}

/** Figures of an older report that this one does not have. */
function removeStaleFigures(files: readonly GeneratedFile[]): void {
  const folder = dirname(CHECKED_IN_REPORT);
  if (!existsSync(folder)) return;
  const kept = new Set(files.map(pathOf));
  const figures = readdirSync(folder).filter((name) => name.endsWith('.svg'));
  for (const path of figures.map((name) => join(folder, name))) if (!kept.has(path)) rmSync(path);
}

/** The texts were all made before the first is written: all or nothing. */
function writeDocs(files: readonly GeneratedFile[]): void {
  removeStaleFigures(files);
  for (const file of files) write(pathOf(file), file.text);
}

/** A report that the documentation may rest on. */
function checkForDocs({ checks, interrupted }: Report): void {
  if (!checks.passed)
    throw new InputError(`the report has failed checks (${checks.failures[0]}): the documentation stays as it is.`);
  if (interrupted) throw new InputError('the run was broken off: the documentation stays as it is. Run it to its end.');
}

function writeForms(choice: Choice, path: string | null): void {
  const report = readReport(path ?? CHECKED_IN_REPORT);
  if (choice.docs) {
    checkForDocs(report);
    writeDocs(path === null ? filesOfCheckedInReport() : filesOfNewReport(report));
  }
  if (choice.htmlPath !== null) write(choice.htmlPath, renderHtml(report));
  if (choice.markdownPath !== null) write(choice.markdownPath, renderMarkdown(report));
  if (choice.slimPath !== null) write(choice.slimPath, `${JSON.stringify(slimReport(report))}\n`);
}

async function measureFirst(choice: Choice, flags: readonly string[]): Promise<number> {
  const bench = await import('../commands/run.ts');
  const folder = mkdtempSync(join(tmpdir(), 'zsmalloc-report-'));
  const path = join(folder, 'report.json');
  try {
    const status = await bench.run([...flags, '--json', path]);
    if (status === 0) writeForms(choice, path);
    return status;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the command. @returns the exit status. */
export async function run(argv: readonly string[]): Promise<number> {
  const choice = choiceOf(argv);
  if (choice === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  try {
    if (choice.measure !== null) return await measureFirst(choice, choice.measure);
    writeForms(choice, choice.path);
    return 0;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stderr.write(`bench report: ${error.message}\n`);
    return 2;
  }
}
