// Runs the executions an exploration asks for, with `globalThis.Atomics` swapped while one runs.

import { runAsyncExecution } from './async-thread.ts';
import { ExplorerError } from './errors.ts';
import { createModelAtomics } from './model-atomics.ts';
import { installTimers } from './model-timers.ts';
import { interceptRejections } from './rejections.ts';
import { type Session } from './session.ts';

const REAL_ATOMICS = globalThis.Atomics;

/** What an exploration asks for: one execution of a session, or its `setup`, which runs directly. */
export interface Execution {
  readonly session: Session;
  readonly setup?: () => void;
}

const MODELS = new WeakMap<Session, typeof Atomics>();

function modelFor(session: Session): typeof Atomics {
  let model = MODELS.get(session);
  if (model === undefined) MODELS.set(session, (model = createModelAtomics(session, REAL_ATOMICS)));
  return model;
}

function swap(session: Session): void {
  if (globalThis.Atomics !== REAL_ATOMICS) {
    throw new ExplorerError('ERR_EXPLORER_BUSY', 'another exploration is running in this agent: await it first');
  }
  globalThis.Atomics = modelFor(session);
}

function restore(session: Session): void {
  session.setCurrent(null);
  globalThis.Atomics = REAL_ATOMICS;
}

function runSync<T>(exploration: Generator<Execution, T, void>): T {
  for (;;) {
    const step = exploration.next();
    if (step.done === true) return step.value;
    const { session, setup } = step.value;
    swap(session);
    try {
      if (setup === undefined) session.runExecution();
      else setup();
    } finally {
      restore(session);
    }
  }
}

async function runAsync<T>(exploration: Generator<Execution, T, void>): Promise<T> {
  for (;;) {
    const step = exploration.next();
    if (step.done === true) return step.value;
    const { session, setup } = step.value;
    swap(session);
    const restoreTimers = installTimers(session);
    const restoreRejections = interceptRejections(session);
    try {
      if (setup === undefined) await runAsyncExecution(session);
      else setup();
    } finally {
      restoreRejections();
      restoreTimers();
      restore(session);
    }
  }
}

export const drive: { sync: typeof runSync; async: typeof runAsync } = { sync: runSync, async: runAsync };
