// Reads report files, and says what is wrong with one that is not.

import { readFileSync } from 'node:fs';
import { REPORT_FORMAT, REPORT_VERSION } from '../model/report.ts';
import type { Report } from '../model/report.ts';
import { reportSchema } from '../model/report-schema.ts';

/** Input that cannot be used; the message says why and what to do. The commands then exit with 2. */
export class InputError extends Error {
  override name = 'InputError';
}

/** Issues shown: the first few say what is wrong, hundreds do not say it better. */
const ISSUES_SHOWN = 3;

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${name} is not JSON: ${(error as Error).message}. Was the run interrupted while it wrote?`);
  }
}

/** The report in a text; `name` says in messages where it came from. @throws InputError */
export function parseReport(text: string, name: string): Report {
  const value = parseJson(text, name);
  const { format, version } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  if (format !== REPORT_FORMAT) {
    throw new InputError(
      `${name} is no report of this bench: its format is ${JSON.stringify(format)}, not "${REPORT_FORMAT}".`,
    );
  }
  if (version !== REPORT_VERSION) {
    throw new InputError(
      `${name} is a report of version ${JSON.stringify(version)}; this bench reads version ${REPORT_VERSION}. Run the bench again.`,
    );
  }
  const parsed = reportSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const shown = issues.slice(0, ISSUES_SHOWN).map(({ path, message }) => `${path.join('.')}: ${message}`);
  const more = issues.length > ISSUES_SHOWN ? `; and ${issues.length - ISSUES_SHOWN} more` : '';
  throw new InputError(`${name} does not fit the schema of reports: ${shown.join('; ')}${more}.`);
}

/** The report in a file. @throws InputError */
export function readReport(path: string): Report {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(`cannot read the report ${path}: ${(error as Error).message}.`);
  }
  return parseReport(text, path);
}
