// @zsmalloc/trace: an application's calls of a pool, recorded from all its agents into one compact file.

export { TraceError } from './errors.ts';
export type { TraceErrorCode } from './errors.ts';
export { mergeTrace } from './merge.ts';
export { OP, OP_NAMES } from './operations.ts';
export { readTrace } from './read.ts';
export { beginRecording, record } from './record.ts';
export type { RecordOptions, Recorded } from './record.ts';
export type { Recording, RecordedPart, RecordingDescriptor } from './recording.ts';
export { readTraceSummary, summarizeTrace } from './summary.ts';
export type { TraceSummary } from './summary.ts';
export { TraceBuilder } from './trace.ts';
export type { Trace, TraceAgent, TraceEvents } from './trace.ts';
export { TRACE_VERSION } from './format.ts';
export { writeTrace } from './write.ts';
