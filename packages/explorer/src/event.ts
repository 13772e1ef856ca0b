// Events and their dependence. An execution is a sequence of events; two events of different threads that are
// independent can be swapped without changing what any thread sees, so only the order of dependent ones matters.

import { type Clock } from './clock.ts';

export type OperationName =
  | 'load'
  | 'store'
  | 'add'
  | 'sub'
  | 'and'
  | 'or'
  | 'xor'
  | 'exchange'
  | 'compareExchange'
  | 'wait'
  | 'waitAsync'
  | 'notify'
  | 'read'
  | 'write'
  | 'ghost'
  | 'exit'
  | 'exited'
  | 'timeout'
  | 'wake'
  | 'timer'
  | 'local';

export const ACCESS_NONE = 0;
export const ACCESS_READ = 1;
export const ACCESS_WRITE = 2;
export type AccessKind = typeof ACCESS_NONE | typeof ACCESS_READ | typeof ACCESS_WRITE;

export interface Event {
  readonly thread: number;
  readonly name: OperationName;
  /** First word touched; words past the end of the memory stand for exit flags and ghost state. -1 for none. */
  readonly word: number;
  /** 2 for a 64-bit access. Narrower accesses count as their whole word, which only adds dependences. */
  wordCount: number;
  access: AccessKind;
  /** Touches the word's wait queue: wait, notify, timeout. A wait does so even when it doesn't sleep. */
  readonly queue: boolean;
  /** Seen by the per-step invariant, hence dependent on every other such event. */
  visible: boolean;
  /** Could happen only because nothing else could: ordered after everything before it. */
  readonly barrier: boolean;
  /** Entry q: one more than the index of the last event of thread q that this event depends on. */
  dependence: Clock;
  /** For the report. */
  byteOffset: number;
  operand: unknown;
  replacement: unknown;
  result: unknown;
}

export function areDependent(a: Event, b: Event): boolean {
  if (a.barrier || b.barrier || (a.visible && b.visible)) return true;
  if (a.queue && b.queue && a.word === b.word) return true;
  if (a.access === ACCESS_NONE || b.access === ACCESS_NONE) return false;
  if (a.access === ACCESS_READ && b.access === ACCESS_READ) return false;
  return a.word < b.word + b.wordCount && b.word < a.word + a.wordCount;
}
