// One worker of a trace replay.

import { parentPort, workerData } from 'node:worker_threads';
import { attachPool } from '@zsmalloc/core';
import type { Pool, PoolDescriptor } from '@zsmalloc/core';
import { record } from '@zsmalloc/trace';
import type { RecordedPart, RecordingDescriptor } from '@zsmalloc/trace';
import { loadStrategy, strategyIdOf } from '../strategies.ts';
import type { LatencyCounts } from '../latencies.ts';
import { LAP, Laps } from './laps.ts';
import type { LapsDescriptor } from './laps.ts';
import { ObjectStates } from './object-states.ts';
import type { ObjectStatesDescriptor } from './object-states.ts';
import { Pace } from './pace.ts';
import { TraceAgent } from './trace-agent.ts';
import { EmptyTraceHeap, PoolTraceHeap } from './trace-heap.ts';
import type { TraceHeap } from './trace-heap.ts';

/** What a worker is given. */
export interface TraceWorkerJob {
  readonly subject: string;
  /** Null for the replay alone. */
  readonly pool: PoolDescriptor | null;
  readonly mayHold: boolean;
  readonly calls: SharedArrayBuffer;
  readonly left: SharedArrayBuffer;
  readonly sizes: SharedArrayBuffer;
  readonly states: ObjectStatesDescriptor;
  readonly pace: SharedArrayBuffer;
  /** Among the agents of its copy. */
  readonly agent: number;
  readonly laps: LapsDescriptor;
  /** For the lap whose order is checked. */
  readonly recording: RecordingDescriptor;
}

/** What it reports. */
export interface TraceWorkerReport {
  readonly part: RecordedPart | null;
  readonly latency: LatencyCounts;
  readonly calls: number;
  /** In its calls, and waiting for other agents. */
  readonly runMs: number;
  readonly waitMs: number;
  readonly verified: number;
  readonly verifiedBytes: number;
}

const job = workerData as TraceWorkerJob;

async function attach(): Promise<Pool | null> {
  if (job.pool === null) return null;
  return attachPool(job.pool, { strategies: [await loadStrategy(strategyIdOf(job.subject))] });
}

async function run(pool: Pool | null, heap: TraceHeap): Promise<TraceWorkerReport> {
  const laps = new Laps(job.laps);
  const work = {
    calls: new Int32Array(job.calls),
    left: new Int32Array(job.left),
    sizes: new Int32Array(job.sizes),
    states: ObjectStates.attach(job.states),
    pace: new Pace(job.pace, job.agent),
  };
  const agent = new TraceAgent(work);
  let part: RecordedPart | null = null;
  let measured = 0;
  let waitMs = 0;
  let runMs = 0;
  for (let kind = laps.begin(); kind !== LAP.stop; kind = laps.begin()) {
    const waitedBefore = agent.waitMs;
    const begin = performance.now();
    if (kind === LAP.measure && measured++ === 0) agent.latency.reset();
    if (kind === LAP.order && pool !== null) {
      const recorded = record(pool, { join: job.recording });
      await agent.run(new PoolTraceHeap(recorded, job.mayHold), laps.lap);
      part = recorded.recording.end();
    } else {
      await agent.run(heap, laps.lap);
    }
    if (kind === LAP.measure) {
      runMs += performance.now() - begin;
      waitMs += agent.waitMs - waitedBefore;
    }
    laps.end();
    agent.freeLeft(heap);
  }
  const { verified, verifiedBytes } = agent;
  return {
    part,
    latency: agent.latency.counts(),
    calls: agent.calls * measured,
    runMs,
    waitMs,
    verified,
    verifiedBytes,
  };
}

const pool = await attach();
const heap = pool === null ? new EmptyTraceHeap() : new PoolTraceHeap(pool, job.mayHold);
const report = await run(pool, heap);
// Not after a failure: with a hold open it would fail as well, and hide why.
heap.detach();
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- A worker's port has no origin.
parentPort!.postMessage(report);
