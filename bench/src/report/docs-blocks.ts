// Text of the documentation that is generated from the checked-in report. A block lies between two comments:
//
//   <!-- report:NAME ARGUMENT -->   ...   <!-- /report -->
//
// RULES
//   1. What lies between is replaced; figures are never written there by hand.
//   2. Tables come out as the formatter would leave them, so that generating and formatting do not undo each other.

import { othersShareOf } from '../environment.ts';
import type { ScenarioInfo } from '../model/measurement.ts';
import type { Report } from '../model/report.ts';
import { CANDIDATES } from './candidates.ts';
import { recommend, zspageBytes } from './decide.ts';
import { figureFiles } from './figure-files.ts';
import { leadersTables } from './leaders-table.ts';
import { answerText, escapeMarkdown, leadersMarkdown, markdownTable, profilesTable } from './markdown.ts';
import { PROFILES } from './profiles.ts';
import { questionParts } from './questions.ts';
import { InputError } from './read.ts';
import { shortReason } from './recommend-text.ts';
import { roundsOf } from './warnings.ts';

type Block = (report: Report, argument: string) => string;

function machine(report: Report): string {
  const { cpu, cores, node, date, commit } = report.environment;
  const rounds = roundsOf(report);
  return [
    `Measured on ${escapeMarkdown(cpu)} with ${cores} cores, Node ${node}, on ${date.slice(0, 10)} at commit ${escapeMarkdown(commit ?? 'unknown')}:`,
    `${rounds} round${rounds === 1 ? '' : 's'}, ${Math.round(othersShareOf(report.environment) * 100)} % of the processors in use by others.`,
  ].join('\n');
}

function capabilities(): string {
  const yes = (value: boolean): string => (value ? 'yes' : 'no');
  const lines = CANDIDATES.map((candidate) => {
    const { worksWithoutBlocking, parks, holdAcrossAwait, freeDuringRead, robust } = candidate.capabilities;
    const flags = [worksWithoutBlocking, parks, holdAcrossAwait, freeDuringRead, robust].map(yes);
    return [`\`${candidate.id}\``, candidate.module.replace(/^.*\//, ''), ...flags, String(zspageBytes(candidate))];
  });
  const headers = [
    'strategy',
    'package',
    'main thread',
    'may park',
    'hold across `await`',
    'free during read',
    'survives a killed worker',
    'bytes a zspage',
  ];
  return markdownTable(headers, lines, ':--');
}

/** Answers to one question, or to all. */
function answers(report: Report, argument: string): string {
  const parts = questionParts(report).filter(({ id }) => id !== null && (argument === '' || id === argument));
  return parts
    .map(({ id, title, answers: own }) => {
      const lines = own.length === 0 ? ['- no answer in this report'] : own.map(answerText);
      return [...(argument === '' ? [`**${id}. ${title}**`, ''] : []), ...lines].join('\n');
    })
    .join('\n\n');
}

/** Who leads in the main metric of a scenario. */
function leaders(report: Report, argument: string): string {
  const info: ScenarioInfo | undefined = report.scenarios.find(({ id }) => id === argument);
  if (info === undefined) return `The report has no scenario \`${argument}\`.`;
  const tables = leadersTables(report, info, info.metrics[0]!).map((table) => leadersMarkdown(table, info.metrics[0]!));
  return [`${escapeMarkdown(info.title)}. ${escapeMarkdown(info.description)}`, ...tables].join('\n\n');
}

/** The plots of a scenario's main metric; paths are those from a document in docs/. */
function figures(report: Report, argument: string): string {
  const images = figureFiles(report, argument).map(({ name, title }) => `![${escapeMarkdown(title)}](report/${name})`);
  return images.length === 0 ? `The report has no scenario \`${argument}\`.` : images.join('\n');
}

/** The choices, each with what decided in a few words. */
function choices(report: Report): string {
  const lines = PROFILES.map(({ title, needs }) => {
    const found = recommend(report, needs(report.environment.cores), CANDIDATES);
    return [title, found.choice === null ? 'none can' : `\`${found.choice}\``, shortReason(found)];
  });
  return markdownTable(['you have', 'take', 'because'], lines, ':--');
}

const BLOCKS: Readonly<Record<string, Block>> = {
  machine,
  profiles: profilesTable,
  choices,
  capabilities,
  answers,
  leaders,
  figures,
};

const BLOCK = /<!-- report:(\w+)(?: (\w+))? -->\n[\s\S]*?<!-- \/report -->/g;

/** The text with all its blocks made anew. `name` is for messages. @throws InputError on a block of unknown name. */
export function fillBlocks(text: string, report: Report, name: string): string {
  return text.replace(BLOCK, (_whole, id: string, argument: string | undefined) => {
    const block = BLOCKS[id];
    if (block === undefined)
      throw new InputError(`${name} has a block "${id}"; there are ${Object.keys(BLOCKS).join(', ')}.`);
    const start = `<!-- report:${id}${argument === undefined ? '' : ` ${argument}`} -->`;
    return `${start}\n\n${block(report, argument ?? '')}\n\n<!-- /report -->`;
  });
}

/** Number of blocks in a text. */
export function countBlocks(text: string): number {
  return [...text.matchAll(BLOCK)].length;
}
