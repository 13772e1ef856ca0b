// The questions that the report answers, in its order. They come from the review of "zsmalloc: make zspage lock
// preemptible", where they stayed open.

import type { Question } from '../model/measurement.ts';
import type { Report } from '../model/report.ts';
import type { ScenarioInfo } from '../model/measurement.ts';
import type { Answer } from '../model/scenario.ts';

/** A question with what the report has on it. */
export interface QuestionPart {
  /** Null: the scenarios that answer to no question but their own. */
  readonly id: Question;
  readonly title: string;
  readonly answers: readonly Answer[];
  readonly scenarios: readonly ScenarioInfo[];
}

const TITLES: readonly { readonly id: Question; readonly title: string }[] = [
  { id: 'Q1', title: 'Spinning on a lock whose holder can be preempted: how bad is it, and what fixes it?' },
  { id: 'Q2', title: 'Is RCU an anti-pattern here, since the pool is not read-mostly?' },
  { id: 'Q3', title: 'What does a sleeping reader do to compaction, and compaction to readers?' },
  { id: 'Q4', title: 'What does each design cost in memory?' },
  { id: 'Q5', title: 'Which debug checks does custom locking need, and what do they cost?' },
  { id: null, title: 'Whole workloads and single operations' },
];

/** All questions, with the scenarios of the report sorted under them; those without a question come last. */
export function questionParts({ scenarios, answers }: Pick<Report, 'scenarios' | 'answers'>): QuestionPart[] {
  return TITLES.map(({ id, title }) => {
    const own = scenarios.filter(({ question }) => question === id);
    return {
      id,
      title,
      scenarios: own,
      answers: answers.filter(({ scenario }) => own.some((info) => info.id === scenario)),
    };
  }).filter((part) => part.id !== null || part.scenarios.length > 0);
}
