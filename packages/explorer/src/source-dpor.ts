// Dynamic partial order reduction with source sets and sleep sets (Abdulla, Aronsson, Jonsson, Sagonas, POPL 2014).
//
// Interleavings that differ only in the order of independent events are one trace; the search aims at one execution of
// each. After every event, each race with an earlier event is reversed: some thread that can begin the reversed order
// (an initial) must be in the backtrack set of the frame where the earlier event was chosen. A thread goes to sleep
// where its subtree is done, and wakes when an event dependent on its next one is taken.

import { areDependent, type Event } from './event.ts';
import { ExplorerError } from './errors.ts';
import { type ChoicePoint, PRUNE, type Scheduler } from './scheduler.ts';

interface Frame {
  readonly enabled: readonly number[];
  readonly backtrack: Set<number>;
  readonly done: Set<number>;
  /** Threads whose next event has been explored from here, with that event. */
  readonly sleep: Map<number, Event>;
  chosen: number;
  event: Event | null;
}

/** Deliberate faults, one per rule of the reduction; the self-check must find each. For tests. */
export type ReductionFault = 'sleepers-never-wake' | 'no-race-reversal';

export class SourceDpor implements Scheduler {
  readonly needsDependence = true;
  readonly #fault: ReductionFault | null;
  readonly #frames: Frame[] = [];

  constructor(fault: ReductionFault | null = null) {
    this.#fault = fault;
  }

  beginExecution(): void {}

  choose(point: ChoicePoint): number {
    const frame = (this.#frames[point.depth] ??= this.#newFrame(point));
    if (!point.enabled.includes(frame.chosen)) {
      if (frame.chosen === PRUNE) this.#frames.pop();
      else throw nondeterministic();
    }
    return frame.chosen;
  }

  taken(trace: readonly Event[], races: readonly number[]): void {
    const index = trace.length - 1;
    const event = trace[index]!;
    const frame = this.#frames[index]!;
    if (frame.event !== null && frame.event.thread === event.thread && !isSameStep(frame.event, event)) {
      throw nondeterministic();
    }
    frame.event = event;
    if (this.#fault === 'no-race-reversal') return;
    for (const earlier of races) this.#reverseRace(trace, earlier, index);
  }

  disabled(depth: number, thread: number): void {
    const { enabled, backtrack } = this.#frames[depth]!;
    if (enabled.includes(thread)) backtrack.add(thread);
  }

  endExecution(): boolean {
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      frame.done.add(frame.chosen);
      if (frame.event !== null) frame.sleep.set(frame.chosen, frame.event);
      for (const q of frame.backtrack) {
        if (frame.done.has(q) || frame.sleep.has(q)) continue;
        frame.chosen = q;
        frame.event = null;
        return true;
      }
      this.#frames.pop();
    }
    return false;
  }

  #newFrame({ depth, enabled, last, isQuiescent }: ChoicePoint): Frame {
    const sleep = this.#inheritSleep(depth);
    const awake = enabled.filter((q) => !sleep.has(q));
    const chosen = awake.length === 0 ? PRUNE : awake.includes(last) ? last : awake[0]!;
    // What happens at quiescence depends on everything, so no race would ask for the alternatives.
    return { enabled, backtrack: new Set(isQuiescent ? awake : [chosen]), done: new Set(), sleep, chosen, event: null };
  }

  #inheritSleep(depth: number): Map<number, Event> {
    const sleep = new Map<number, Event>();
    if (depth === 0) return sleep;
    const parent = this.#frames[depth - 1]!;
    for (const [q, next] of parent.sleep) {
      if (q === parent.chosen) continue;
      if (this.#fault === 'sleepers-never-wake' || !areDependent(next, parent.event!)) sleep.set(q, next);
    }
    return sleep;
  }

  /** Makes sure that some execution takes event `late` before event `early`. */
  #reverseRace(trace: readonly Event[], early: number, late: number): void {
    const frame = this.#frames[early]!;
    let candidate = PRUNE;
    for (const q of initials(trace, early, late)) {
      if (frame.backtrack.has(q) || frame.sleep.has(q)) return;
      if (frame.enabled.includes(q)) candidate = q;
    }
    if (candidate !== PRUNE) frame.backtrack.add(candidate);
    else for (const q of frame.enabled) frame.backtrack.add(q);
  }
}

/**
 * Threads that can take the first step of the reversed order: of the events after `early` that do not depend on it,
 * then `late`, those that no other of them happens before.
 */
function initials(trace: readonly Event[], early: number, late: number): number[] {
  const first = trace[early]!;
  const reversed: number[] = [];
  const started = new Set<number>();
  const found: number[] = [];
  for (let k = early + 1; k <= late; k++) {
    const { thread, dependence } = trace[k]!;
    if (k !== late && dependence[first.thread]! > early) continue;
    if (!started.has(thread)) {
      started.add(thread);
      if (!reversed.some((m) => dependence[trace[m]!.thread]! > m)) found.push(thread);
    }
    reversed.push(k);
  }
  return found;
}

function isSameStep(a: Event, b: Event): boolean {
  return a.name === b.name && a.word === b.word;
}

function nondeterministic(): ExplorerError {
  return new ExplorerError(
    'ERR_EXPLORER_NONDETERMINISTIC',
    'the same schedule led to different operations: make thread bodies depend on nothing but the model memory ' +
      '(no clock, no Math.random, no state kept outside the body)',
  );
}
