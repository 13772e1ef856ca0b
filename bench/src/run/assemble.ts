// Puts a report together from what a session found.

import { BUSY_SHARE_MAX } from '../environment.ts';
import type { Environment } from '../environment.ts';
import type { ScenarioInfo, Subject } from '../model/measurement.ts';
import { REPORT_FORMAT, REPORT_VERSION } from '../model/report.ts';
import type { Checks, Report, Skip } from '../model/report.ts';
import { reportSchema } from '../model/report-schema.ts';
import type { Row } from '../model/row.ts';
import type { Answer } from '../model/scenario.ts';
import { summarizeScenario } from '../statistics/rows.ts';
import type { Findings, Part } from './session.ts';

/** What a report has beside the findings. */
export interface Frame {
  readonly environment: Environment;
  readonly options: Readonly<Record<string, unknown>>;
  readonly seconds: number;
  readonly skipped: readonly Skip[];
  /** Every subject that may occur, in the order of tables. */
  readonly subjects: readonly Subject[];
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

/** An answer from a busy machine says so. */
function withLoad(answer: Answer, { busyShare }: Environment): Answer {
  if (busyShare <= BUSY_SHARE_MAX) return answer;
  return { ...answer, caveats: [...answer.caveats, `others used ${(busyShare * 100).toFixed(0)} % of the machine`] };
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
    return answer === null || answer === undefined ? [] : [withLoad(answer, environment)];
  });
}

/** The report; throws when it would not fit its schema, which is a defect of the bench. */
export function assembleReport(parts: readonly Part[], findings: Findings, frame: Frame): Report {
  const measured = new Set(findings.cells.map(({ subject }) => subject));
  const known = frame.subjects.filter(({ id }) => measured.has(id));
  const unknown = [...measured].filter((id) => !known.some((subject) => subject.id === id));
  const subjects: Subject[] = [...known, ...unknown.map((id) => ({ id, kind: 'peer' as const, title: id }))];
  const order = subjects.map(({ id }) => id);
  const rows = findings.infos.flatMap((info) => summarizeScenario(info, findings.cells, order));
  const report: Report = {
    format: REPORT_FORMAT,
    version: REPORT_VERSION,
    environment: frame.environment,
    options: frame.options,
    seconds: frame.seconds,
    subjects,
    scenarios: findings.infos,
    answers: answersOf(parts, findings.infos, rows, frame.environment),
    rows,
    cells: findings.cells,
    skipped: [...frame.skipped, ...findings.skipped],
    interrupted: findings.interrupted,
    checks: checksOf(findings),
  };
  reportSchema.parse(report);
  return report;
}
