// What a scenario gives to its workers: a module that makes a task.

import type { Pool } from '@zsmalloc/core';
import type { LatencyRecorder } from '../latencies.ts';
import type { ReplayPool } from '../null-pool.ts';
import type { Random } from '../random.ts';
import type { CrewControl } from './control.ts';

/** What a task works with. */
export interface TaskContext {
  /** The cell's pool; null where it has none. */
  readonly pool: ReplayPool | null;
  /** The same pool; null too where the harness runs alone. */
  readonly real: Pool | null;
  /** From 1; the main agent is 0. */
  readonly index: number;
  readonly workers: number;
  /** Whatever the scenario has put there: plain data and shared buffers. */
  readonly plan: unknown;
  /** What this worker alone was given; undefined where nothing was. */
  readonly own: unknown;
  readonly random: Random;
  readonly latencies: LatencyRecorder;
  readonly control: CrewControl;
}

/** One worker's work in one cell. */
export interface Task {
  /** Batches between two returns to the event loop, where a strategy may see the end of a turn; 8 by default. */
  readonly batchesPerTurn?: number;
  /** The phase of this name begins: its counts start at 0. */
  enter(phase: string): void;
  /** Does some operations, for 20 us to 2 ms, and returns how many. */
  batch(): number | Promise<number>;
  /** What was counted since `enter`. Keys that end in "Max" are joined over workers by the maximum, others by the sum. */
  counts(): Readonly<Record<string, number>>;
  /** The cell has ended: lets go of what the task has attached to. */
  close?(): void | Promise<void>;
}

/** What a task's module exports. */
export interface TaskModule {
  createTask(context: TaskContext): Task | Promise<Task>;
}
