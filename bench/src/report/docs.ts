// What is generated from the checked-in report: its page, its Markdown, and the blocks of the documentation.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Report } from '../model/report.ts';
import { fillBlocks } from './docs-blocks.ts';
import { figureFiles } from './figure-files.ts';
import { renderHtml } from './html.ts';
import { renderMarkdown } from './markdown.ts';
import { readReport } from './read.ts';
import { slimReport } from './slim.ts';

const ROOT = new URL('../../../', import.meta.url);

/** The report of the development machine, kept with the source. */
export const CHECKED_IN_REPORT: string = fileURLToPath(new URL('docs/report/report.json', ROOT));

/** Documents with blocks. */
const DOCUMENTS: readonly string[] = ['README.md', 'docs/choosing-a-lock.md'];

/** Scenarios whose plots the documents show. */
const SCENARIOS_SHOWN: readonly string[] = ['writeShare', 'preempted', 'replay'];

/** A file that is generated: its path from the root, and what it is to hold. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

export function pathOf(file: Pick<GeneratedFile, 'path'>): string {
  return fileURLToPath(new URL(file.path, ROOT));
}

/** All that is generated from a slim report. Reads the documents, whose other text stays. */
export function generatedFiles(slim: Report): GeneratedFile[] {
  const documents = DOCUMENTS.map((path) => ({
    path,
    text: fillBlocks(readFileSync(pathOf({ path }), 'utf8'), slim, path),
  }));
  return [
    ...SCENARIOS_SHOWN.flatMap((id) => figureFiles(slim, id)).map(({ name, text }) => ({
      path: `docs/report/${name}`,
      text,
    })),
    { path: 'docs/report/report.html', text: renderHtml(slim) },
    { path: 'docs/report/report.md', text: renderMarkdown(slim) },
    ...documents,
  ];
}

/** The same for a report that is to become the checked-in one, with its JSON. */
export function filesOfNewReport(report: Report): GeneratedFile[] {
  const slim = slimReport(report);
  return [{ path: 'docs/report/report.json', text: `${JSON.stringify(slim)}\n` }, ...generatedFiles(slim)];
}

/** What the checked-in report says should be in the documentation. @throws InputError */
export function filesOfCheckedInReport(): GeneratedFile[] {
  return generatedFiles(readReport(CHECKED_IN_REPORT));
}
