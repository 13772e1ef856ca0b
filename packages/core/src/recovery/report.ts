// What a recovery tells: plain data, safe to send to another agent.

import type { Handle } from '../api.ts';
import type { AgentIndex } from '../words/agent.ts';

/** What was found of one dead agent, and what was done about it. */
export interface RecoveryReport {
  readonly agent: AgentIndex;
  /** Reads and holds that it had open, or was about to begin or end. */
  readonly reads: number;
  /** Size classes that it was changing, by ordinal: their lists were built anew from the objects' headers. */
  readonly classes: readonly number[];
  /** Its last malloc, or 0: an object that still lives and whose handle it may not have handed on. Yours to keep or free. */
  readonly lastMalloc: Handle;
  /** Object that it was writing to, or 0. Reading it throws ERR_ZS_TORN until it has been written whole. */
  readonly torn: Handle;
  /** Pages that were in no list any more, and are free again; of all agents recovered from together. */
  readonly pagesRecovered: number;
  /** Time from the start of the attempt that succeeded to its end, in ms; of all agents recovered from together. */
  readonly elapsedMs: number;
}
