// A recommendation as text for a terminal, with the evidence it rests on.

import { parametersText } from './view.ts';
import type { Candidate } from './candidates.ts';
import { zspageBytes } from './decide.ts';
import type { Recommendation } from './decide.ts';
import type { Evidence } from './evidence.ts';
import { needsText } from './needs.ts';
import { UnitScale, changeText, pText } from './units.ts';
import { formatTable, heading, paragraph } from '../table.ts';

/** Rivals named, up to so many. */
const NAMED_MAX = 3;

function rivalsText(evidence: readonly Evidence[], choice: string): string {
  const subjects = evidence.flatMap(({ placings }) => placings.map(({ row }) => row.subject));
  const rivals = [...new Set(subjects)].filter((id) => id !== choice);
  const who = rivals.length <= NAMED_MAX ? rivals.join(' and ') : `the ${rivals.length} others`;
  const are = rivals.length === 1 ? 'is' : 'are';
  const where = evidence.length === 1 ? '' : ` in at least one of ${evidence.length} cases, and it is behind in none`;
  return `${who} ${are} proved to be behind it${where}`;
}

/** Those that are behind, in brackets; empty where nobody is. */
function behindText(evidence: readonly Evidence[], leaders: readonly string[]): string {
  const measured = new Set(evidence.flatMap(({ placings }) => placings.map(({ row }) => row.subject)));
  const behind = [...measured].filter((id) => !leaders.includes(id));
  return behind.length === 0 ? '' : ` (proved to be behind: ${behind.join(', ')})`;
}

/** One or two sentences that say what to take and how firmly. */
export function verdictText({ choice, decidedBy, leaders, tieBreakers, evidence }: Recommendation): string {
  if (choice === null) return 'No strategy has all the capabilities that are needed.';
  if (decidedBy === 'capabilities') return `Take ${choice}: no other strategy has the capabilities that are needed.`;
  if (decidedBy === 'data') return `Take ${choice}: ${rivalsText(evidence, choice)}.`;
  const others = leaders.filter((id) => id !== choice);
  if (others.length === 0)
    return `No strategy leads everywhere; ${choice} is behind in the fewest of ${evidence.length} cases.`;
  const why = tieBreakers.map(({ by }) => by).join('; then ');
  const reason = why === '' ? 'nothing tells them apart' : `the choice among them: ${why}`;
  const among =
    others.length <= NAMED_MAX
      ? `between ${choice} and ${others.join(', ')}`
      : `among ${leaders.length} strategies${behindText(evidence, leaders)}`;
  return `The data does not decide ${among}. ${choice} is as good as any; ${reason}.`;
}

/** What decided, in a few words for a table. */
export function shortReason({ choice, decidedBy, leaders, tieBreakers, evidence }: Recommendation): string {
  if (choice === null) return '';
  if (decidedBy === 'capabilities') return 'no other can';
  const measured = new Set(evidence.flatMap(({ placings }) => placings.map(({ row }) => row.subject)));
  const behind = measured.size - leaders.length;
  if (decidedBy === 'data') return `measured ahead of the ${behind} others`;
  const alike = [
    ...(behind > 0 ? [`${behind} measured behind`] : []),
    ...(leaders.length > 1 ? [`${leaders.length} measured alike`] : ['nobody leads everywhere']),
  ];
  const of = leaders.length > 1 ? 'of these: ' : '';
  const rest = tieBreakers.length === 0 ? [] : [`${of}${tieBreakers.map(({ short }) => short).join(', ')}`];
  return [...alike, ...rest].join('; ');
}

/** Sentences on what was asked about and not measured just so. */
export function gapsOf({ evidence }: Recommendation): string[] {
  return [...new Set(evidence.flatMap(({ gaps }) => gaps))].map((gap) => `${gap}.`);
}

function evidenceText({ info, metric, parameters, placings, gaps }: Evidence): string {
  const unit = UnitScale.of(
    metric.unit,
    placings.map(({ row }) => row.value.median),
  );
  const sorted = placings.toSorted(({ row: left }, { row: right }) =>
    metric.better === 'higher' ? right.value.median - left.value.median : left.value.median - right.value.median,
  );
  const where = parametersText(info, parameters);
  const table = formatTable(
    [unit.unit || 'strategy', 'median', 'interval', 'against best', 'p', 'delta', ''],
    sorted.map(({ row, place, ratio, p, delta }) => [
      row.subject,
      unit.figure(row.value.median),
      `${unit.figure(row.value.low)}-${unit.figure(row.value.high)}`,
      place === 'best' || ratio === null ? '' : changeText(ratio),
      place === 'best' ? '' : pText(p),
      place === 'best' ? '' : delta.toFixed(2),
      place === 'tied' ? '~' : place,
    ]),
    1,
  );
  const rounds = Math.min(...placings.map(({ row }) => row.rounds.length));
  const about = `${metric.label}${where === '' ? '' : `, ${where}`}; ${rounds} rounds${gaps.length === 0 ? '' : `; ${gaps.join('; ')}`}`;
  return `${heading(info.title)}\n${paragraph(about)}\n${table}`;
}

function capabilitiesText(leaders: readonly Candidate[]): string {
  const yes = (value: boolean): string => (value ? 'yes' : 'no');
  return formatTable(
    ['', 'unblocking', 'parks', 'await', 'free in read', 'robust', 'B/zspage'],
    leaders.map((candidate) => {
      const { worksWithoutBlocking, parks, holdAcrossAwait, freeDuringRead, robust } = candidate.capabilities;
      const flags = [worksWithoutBlocking, parks, holdAcrossAwait, freeDuringRead, robust].map(yes);
      return [candidate.id, ...flags, String(zspageBytes(candidate))];
    }),
    1,
  );
}

/** The whole recommendation; `source` says which report it rests on. */
export function recommendationText(found: Recommendation, candidates: readonly Candidate[], source: string): string {
  const leaders = candidates.filter(({ id }) => found.leaders.includes(id));
  const chosen = candidates.find(({ id }) => id === found.choice);
  const parts = [paragraph(verdictText(found))];
  if (chosen !== undefined) parts.push(`\n  import { ${chosen.id} } from '${chosen.module}';`);
  parts.push('', paragraph(`Needs: ${needsText(found.needs)}.`), paragraph(`Evidence: ${source}.`));
  if (found.evidence.length === 0)
    parts.push(paragraph('The report measures nothing that speaks to these needs: only capabilities count.'));
  parts.push(...found.evidence.map(evidenceText));
  if (leaders.length > 1) {
    parts.push(heading('What the data cannot tell apart'), capabilitiesText(leaders));
    parts.push(...found.tieBreakers.map(({ by, left }) => paragraph(`${by}: ${left.join(', ')}`)));
  }
  if (found.exclusions.length > 0)
    parts.push(heading('Out of the question'), ...found.exclusions.map(({ id, why }) => paragraph(`${id}: ${why}`)));
  if (found.caveats.length > 0)
    parts.push(heading('Limits'), ...found.caveats.map((caveat) => paragraph(`- ${caveat}`)));
  return `${parts.join('\n')}\n`;
}
