// Puts a report together from what a session found.

import { BUSY_SHARE_MAX, othersShareOf } from '../environment.ts';
import type { Environment } from '../environment.ts';
import { goalResults } from '../goals/results.ts';
import type { ScenarioInfo, Subject } from '../model/measurement.ts';
import { REPORT_FORMAT, REPORT_VERSION } from '../model/report.ts';
import type { Checks, Report, Skip } from '../model/report.ts';
import { reportSchema } from '../model/report-schema.ts';
import type { Row } from '../model/row.ts';
import type { Answer, RunOptions } from '../model/scenario.ts';
import { summarizeScenario } from '../statistics/rows.ts';
import type { Findings, Part } from './session.ts';

/** What a report has beside the findings. */
export interface Frame {
  readonly environment: Environment;
  readonly options: Readonly<Record<string, unknown>>;
  readonly seconds: number;
  readonly skipped: readonly Skip[];
  /** Subjects that the bench itself knows, in the order of tables. */
  readonly subjects: readonly Subject[];
  readonly run: RunOptions;
}

function checksOf({ cells, failures }: Findings): Checks {
  return {
    passed: failures.length === 0,
    failures,
    cells: cells.length,
    objects: cells.reduce((sum, { verified }) => sum + verified.objects, 0),
    bytes: cells.reduce((sum, { verified }) => sum + verified.bytes, 0),
  };
}

/** The subjects that were measured: those of the bench, then those of the scenarios, each once. */
function subjectsOf(parts: readonly Part[], { cells }: Findings, { subjects, run }: Frame): Subject[] {
  const measured = new Set(cells.map(({ subject }) => subject));
  const known = [...subjects, ...parts.flatMap(({ scenario }) => scenario.subjects?.(run) ?? [])];
  const first = new Map(known.toReversed().map((subject) => [subject.id, subject]));
  const unnamed = [...measured].filter((id) => !first.has(id)).map((id) => ({ id, kind: 'peer' as const, title: id }));
  const named = [...new Set(known.map(({ id }) => id))].filter((id) => measured.has(id)).map((id) => first.get(id)!);
  return [...named, ...unnamed];
}

/** An answer from a busy machine says so, and proves nothing unless it is exact: one round was enough for it. */
function withLoad(answer: Answer, rows: readonly Row[], environment: Environment): Answer {
  const isExact = rows.every(({ value }) => value.count === 1);
  const share = othersShareOf(environment);
  if (share <= BUSY_SHARE_MAX || isExact) return answer;
  const caveat = `others used ${(share * 100).toFixed(0)} % of the machine, so nothing is proved`;
  return { ...answer, verdict: 'open', caveats: [...answer.caveats, caveat] };
}

function answersOf(
  parts: readonly Part[],
  infos: readonly ScenarioInfo[],
  rows: readonly Row[],
  environment: Environment,
): Answer[] {
  return infos.flatMap((info) => {
    const part = parts.find(({ id }) => id === info.id);
    const own = rows.filter(({ scenario }) => scenario === info.id);
    const answer = own.length === 0 ? null : part?.scenario.answer?.(own, info);
    return answer === null || answer === undefined ? [] : [withLoad(answer, own, environment)];
  });
}

/** The report; throws when it would not fit its schema, which is a defect of the bench. */
export function assembleReport(parts: readonly Part[], findings: Findings, frame: Frame): Report {
  const subjects = subjectsOf(parts, findings, frame);
  const order = subjects.map(({ id }) => id);
  const rows = findings.infos.flatMap((info) => summarizeScenario(info, findings.cells, order));
  const goals = goalResults(findings.cells, subjects);
  const report: Report = {
    format: REPORT_FORMAT,
    version: REPORT_VERSION,
    environment: frame.environment,
    options: frame.options,
    seconds: frame.seconds,
    subjects,
    scenarios: findings.infos,
    answers: answersOf(parts, findings.infos, rows, frame.environment),
    ...(goals.length === 0 ? {} : { goals }),
    rows,
    cells: findings.cells,
    skipped: [...frame.skipped, ...findings.skipped],
    interrupted: findings.interrupted,
    checks: checksOf(findings),
  };
  reportSchema.parse(report);
  return report;
}
