// The entry: wraps a live pool.

import type { HoldingPool, Pool } from '@zsmalloc/core';
import { RecordedPool } from './recorded-pool.ts';
import { Recording } from './recording.ts';
import type { RecordingDescriptor } from './recording.ts';

export interface RecordOptions {
  /** Joins the recording of another agent: its `pool.recording.descriptor()`. Begins a new one by default. */
  readonly join?: RecordingDescriptor;
  /** Name of the agent in the trace, up to 255 bytes of UTF-8; "agent 0" and so on by default. */
  readonly name?: string;
  /**
   * Most calls of this agent that are recorded; later ones are counted as lost. 2^24 by default. An event takes 16 bytes
   * until it is merged.
   */
  readonly eventsMax?: number;
}

/** The pool, and its recording. */
export type Recorded<P extends Pool> = P & { readonly recording: Recording };

/** Begins a recording that agents join, where the first agent uses no pool itself. Blocks: no. */
export function beginRecording(): RecordingDescriptor {
  return Recording.begin();
}

const EVENTS_MAX = 2 ** 24;

/**
 * Records every call of a pool that this agent makes from here on. Each agent wraps its own side; the objects are told
 * apart across agents, whichever of them allocates, reads and frees.
 *
 * @returns A pool to be used in place of `pool`; calls made past it are not recorded.
 * @throws ERR_ZS_TRACE_PARTS when 255 agents have joined. Blocks: no. Main thread: yes.
 */
export function record<P extends Pool>(pool: P, options: RecordOptions = {}): Recorded<P> {
  const { join = Recording.begin(), name, eventsMax = EVENTS_MAX } = options;
  const recording = new Recording(join, pool.objectBytesMax, name, eventsMax);
  // `hold` of a strategy without it refuses, wrapped or not; the type that the caller sees is P's.
  return new RecordedPool(pool as unknown as HoldingPool, recording) as unknown as Recorded<P>;
}
