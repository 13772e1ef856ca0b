// Tasks that are made of small steps, each timed or counted the same way.

import type { LatencyRecorder } from '../latencies.ts';
import type { Task } from './task.ts';

/** What a worker does again and again. */
export interface Steps {
  /** Does one step and returns its number of operations; 0 when there was nothing to do. */
  step(): number;
}

/** Steps that end later: each is waited for. */
export interface AsyncSteps {
  step(): Promise<number>;
}

/** The only series of such a task's latencies: of an operation, which is a step's share where a step has several. */
export const STEP_SERIES = 0;

const BATCH_STEPS = 64;
/** One step in so many is timed: two looks at the clock cost 80 ns. */
const TIMED_EVERY = 8;
/** A batch without any operation waits so long: it has nothing to do until another worker acts. */
const IDLE_MS = 0.05;

const idleWord = new Int32Array(new SharedArrayBuffer(4));

type Rest = Pick<Task, 'counts' | 'close'>;

/** A task of steps. `rest`: its counts, since it began, and its end. */
export function taskOf(steps: Steps, latencies: LatencyRecorder, rest: Rest): Task {
  const batch = (): number => {
    let operations = 0;
    for (let count = 0; count < BATCH_STEPS; count++) {
      if (count % TIMED_EVERY !== 0) {
        operations += steps.step();
        continue;
      }
      const start = performance.now();
      const done = steps.step();
      if (done > 0) latencies.record((performance.now() - start) / done, STEP_SERIES);
      operations += done;
    }
    if (operations === 0) Atomics.wait(idleWord, 0, 0, IDLE_MS);
    return operations;
  };
  return { enter() {}, batch, ...rest };
}

/** A task of steps that end later. Every one is timed: they take many times as long as a look at the clock. */
export function laterTaskOf(steps: AsyncSteps, latencies: LatencyRecorder, rest: Rest): Task {
  const batch = async (): Promise<number> => {
    const start = performance.now();
    const done = await steps.step();
    if (done > 0) latencies.record((performance.now() - start) / done, STEP_SERIES);
    return done;
  };
  return { enter() {}, batch, ...rest };
}
