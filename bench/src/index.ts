// @zsmalloc/bench as a library: the report's type and schema, for tools that read reports.

export { REPORT_FORMAT, REPORT_VERSION } from './report.ts';
export type { Checks, Report, Skip } from './report.ts';
export { reportSchema } from './report-schema.ts';
