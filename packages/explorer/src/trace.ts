// The trace of one execution: its events, and what each depends on.

import { AccessHistory } from './access-history.ts';
import { joinClock } from './clock.ts';
import { ACCESS_NONE, type Event, type OperationName } from './event.ts';
import { WORD_BYTES } from './model-memory.ts';
import { type Session } from './session.ts';
import { type VirtualThread } from './virtual-thread.ts';

const NO_RACES: readonly number[] = [];

export class Trace {
  events: Event[] = [];
  readonly #history: AccessHistory;
  /** For each word the events that changed it: entry v made version v + 1 of version v. */
  readonly #changes: number[][] = [];

  constructor(wordCount: number) {
    this.#history = new AccessHistory(wordCount);
  }

  get length(): number {
    return this.events.length;
  }

  beginExecution(): void {
    this.events = [];
    this.#history.beginExecution();
  }

  /**
   * Adds a thread's step. Its dependence is worked out only where the thread is given.
   * @returns Earlier events of other threads that it conflicts with and is not ordered after by anything else.
   */
  append(event: Event, thread: VirtualThread | null): readonly number[] {
    const { events } = this;
    const index = events.length;
    events.push(event);
    if (thread === null) return NO_RACES;
    const races: number[] = [];
    for (const j of this.#conflicts(thread, event, index)) {
      const { thread: q, dependence } = events[j]!;
      if (q !== thread.id && dependence[q]! > thread.dependence[q]!) races.push(j);
      joinClock(thread.dependence, dependence);
    }
    thread.dependence[thread.id] = index + 1;
    event.dependence = thread.dependence.slice();
    return races;
  }

  /** A word is about to change for the `version`-th time. @returns The event of `cause` that does it, as `changeOf`. */
  noteChange(cause: VirtualThread, word: number, version: number): number {
    const event = cause.dependence[cause.id]! - 1;
    if (version === 0) this.#changes[word] = [event];
    else this.#changes[word]!.push(event);
    return event;
  }

  /** The event that changed this version of the word; -1 for a plain write before its thread's first event. */
  changeOf(word: number, version: number): number {
    return this.#changes[word]![version]!;
  }

  /** Indices of the events that this one directly depends on, latest first. */
  #conflicts(thread: VirtualThread, event: Event, index: number): number[] {
    const conflicts = this.#history.record(event, index);
    if (thread.enablers.length === 0) return conflicts;
    conflicts.push(...thread.enablers);
    thread.enablers.length = 0;
    return conflicts.sort((a, b) => b - a);
  }
}

/**
 * The event lets a paused thread go on. That is a dependence, and one to be reversed: some other change might have
 * come first.
 */
export function noteEnabler(thread: VirtualThread, event: number): void {
  if (event >= 0) thread.enablers.push(event);
}

export function newEvent(
  session: Session,
  thread: VirtualThread,
  name: OperationName,
  word: number,
  queue: boolean,
): Event {
  return {
    thread: thread.id,
    name,
    word,
    wordCount: 1,
    access: ACCESS_NONE,
    queue,
    visible: false,
    barrier: session.isQuiescent,
    dependence: thread.dependence,
    byteOffset: word * WORD_BYTES,
    operand: undefined,
    replacement: undefined,
    result: undefined,
  };
}
