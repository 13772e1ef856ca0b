// @zsmalloc/bench as a library: the report's type and schema, for tools that read reports.

export { REPORT_FORMAT, REPORT_VERSION } from './model/report.ts';
export type { Checks, Report, Skip } from './model/report.ts';
export type { Cell, Histogram, Metric, Parameter, Parameters, ScenarioInfo, Subject } from './model/measurement.ts';
export type { Comparison, Estimate, Row } from './model/row.ts';
export type { Answer } from './model/scenario.ts';
export { reportSchema } from './model/report-schema.ts';
