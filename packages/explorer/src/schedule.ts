// A schedule as one line of text: which thread takes each step, runs of the same thread folded, after the crash if any.
// `crash=0@3 0*4 1 0*2` is: thread 0 dies before its operation 3; thread 0 takes four steps, thread 1 one, thread 0
// two.

import { ExplorerError } from './errors.ts';
import { type CrashPoint } from './options.ts';
import { type ChoicePoint, type Scheduler } from './scheduler.ts';

export interface Schedule {
  readonly steps: readonly number[];
  readonly crash: CrashPoint | null;
}

export function formatSchedule({ steps, crash }: Schedule): string {
  const parts: string[] = crash === null ? [] : [`crash=${crash.thread}@${crash.beforeOperation}`];
  for (let i = 0; i < steps.length;) {
    let end = i + 1;
    while (end < steps.length && steps[end] === steps[i]) end++;
    parts.push(end - i === 1 ? `${steps[i]}` : `${steps[i]}*${end - i}`);
    i = end;
  }
  return parts.join(' ');
}

/** @throws ERR_EXPLORER_SCHEDULE for text that `formatSchedule` can't have written. */
export function parseSchedule(text: string): Schedule {
  const steps: number[] = [];
  let crash: CrashPoint | null = null;
  for (const part of text.split(' ').filter((p) => p !== '')) {
    const match = /^(?:(crash=)(\d+)@(\d+)|(\d+)(?:\*(\d+))?)$/.exec(part);
    if (match === null) throw new ExplorerError('ERR_EXPLORER_SCHEDULE', `"${part}" is no part of a schedule`);
    if (match[1] !== undefined) crash = { thread: Number(match[2]), beforeOperation: Number(match[3]) };
    else for (let n = Number(match[5] ?? 1); n > 0; n--) steps.push(Number(match[4]));
  }
  return { steps, crash };
}

/**
 * Follows a schedule; after its end, and where `isStrict` is false also where it does not fit, goes on with few
 * switches.
 */
export class Replay implements Scheduler {
  readonly needsDependence = false;
  readonly #steps: readonly number[];
  readonly #isStrict: boolean;

  constructor(steps: readonly number[], isStrict: boolean) {
    this.#steps = steps;
    this.#isStrict = isStrict;
  }

  beginExecution(): void {}

  choose({ depth, enabled, last }: ChoicePoint): number {
    const step = this.#steps[depth];
    if (step !== undefined && enabled.includes(step)) return step;
    if (step !== undefined && this.#isStrict) {
      throw new ExplorerError(
        'ERR_EXPLORER_SCHEDULE',
        `the schedule does not fit this program: thread ${step} can't take step ${depth}; explore again for a new one`,
      );
    }
    return enabled.includes(last) ? last : enabled[0]!;
  }

  taken(): void {}

  disabled(): void {}

  endExecution(): boolean {
    return false;
  }
}
