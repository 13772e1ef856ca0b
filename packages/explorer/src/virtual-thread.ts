import { type Clock, newClock } from './clock.ts';
import { type ViewRecord } from './model-memory.ts';
import { type ThreadBody, type ThreadContext } from './options.ts';

/**
 * runnable: its next step can be taken. waiting: asleep in `Atomics.wait`. paused: spinning, until a word it has read
 * changes. idle: an async thread that awaits a notification. done: returned, failed or died.
 */
export type ThreadStatus = 'runnable' | 'waiting' | 'paused' | 'idle' | 'done';

/** An entry in the wait queue of a location. */
export interface Waiter {
  readonly thread: VirtualThread;
  readonly view: ViewRecord;
  readonly index: number;
  readonly byteOffset: number;
  readonly expected: unknown;
  readonly isTimed: boolean;
  /** For `waitAsync`: which of the thread's registered continuations it resolves. -1 for a blocking wait. */
  readonly continuation: number;
}

/** A promise reaction or timer of an async thread, in the order in which this entry of the body registered them. */
export interface Continuation {
  readonly isTimer: boolean;
  /** Virtual time for timers; orders them among themselves. */
  readonly due: number;
  isPending: boolean;
  run(value: unknown): void;
}

/** In a thread's log: the point where a continuation ran. */
export class Delivery {
  readonly continuation: number;
  readonly value: unknown;
  /** Clocks of what made it ready: they reach the thread when the continuation runs. */
  readonly dependence: Clock;
  readonly happensBefore: Clock;

  constructor(continuation: number, value: unknown, dependence: Clock, happensBefore: Clock) {
    this.continuation = continuation;
    this.value = value;
    this.dependence = dependence;
    this.happensBefore = happensBefore;
  }
}

/**
 * A thread of the explored program. It has no stack of its own: it is parked by throwing out of its body, and resumed
 * by calling the body again and answering its operations from the log until it is where it was.
 */
export class VirtualThread {
  readonly id: number;
  readonly name: string;
  readonly body: ThreadBody;
  readonly context: ThreadContext;

  status: ThreadStatus = 'runnable';
  /** Results of everything done so far, in order; and how many of them the present call of the body has consumed. */
  log: unknown[] = [];
  position = 0;
  /** Chosen to take the next step, and has not taken it yet. */
  isGranted = false;
  /** Its body is on the native stack, inside one of its operations or running. */
  isOnStack = false;
  /** Its body is being left by the park signal: any further operation throws again. */
  isUnwinding = false;
  isDying = false;
  hasDied = false;
  /** The body has returned; what is left is the exit event. */
  isExiting = false;
  result: unknown = undefined;

  /** Events so far in this execution. */
  eventCount = 0;
  /** Effects (atomic operations and plain writes) since the body was entered; counts towards a crash. */
  effectCount = 0;
  /** Plain accesses since the last operation; guards against loops that have none. */
  plainCount = 0;
  parkSignalCount = 0;

  happensBefore: Clock = [];
  dependence: Clock = [];

  /** Words read since the last pause, with the version that was read. */
  readonly watched: Map<number, number> = new Map();
  /** Reads since its last write that found a watched word unchanged. */
  rereadCount = 0;
  /** What `pause`, a yield or a suspended spin returns when the thread goes on; `isLogged` for the first two. */
  resumption: { readonly isLogged: boolean; readonly value: unknown } | null = null;

  /** Events that let it go on after a pause, not yet taken into account: another one might have done so as well. */
  readonly enablers: number[] = [];

  waiter: Waiter | null = null;

  // Async threads only.
  continuations: Continuation[] = [];
  /** Notified `waitAsync` calls, not yet delivered. */
  ready: Delivery[] = [];
  virtualTime = 0;
  /** The body's promise is pending and the heap state of this entry is intact. */
  isAlive = false;
  /** How the body's promise has settled. */
  settlement: { readonly value: unknown } | { readonly error: unknown } | null = null;
  /** Counts entries of the body, so that jobs of an abandoned entry can be told from those of the present one. */
  entry = 0;

  constructor(id: number, name: string, body: ThreadBody, context: ThreadContext) {
    this.id = id;
    this.name = name;
    this.body = body;
    this.context = context;
  }

  beginExecution(threadCount: number): void {
    this.status = 'runnable';
    this.log = [];
    this.isGranted = false;
    this.isOnStack = false;
    this.hasDied = false;
    this.result = undefined;
    this.eventCount = 0;
    this.happensBefore = newClock(threadCount);
    this.happensBefore[this.id] = 1;
    this.dependence = newClock(threadCount);
    this.watched.clear();
    this.rereadCount = 0;
    this.resumption = null;
    this.enablers.length = 0;
    this.waiter = null;
    this.ready = [];
    this.isAlive = false;
    this.beginEntry();
  }

  /** Prepares a fresh call of the body. */
  beginEntry(): void {
    this.entry++;
    this.settlement = null;
    this.position = 0;
    this.isUnwinding = false;
    this.isDying = false;
    this.isExiting = false;
    this.effectCount = 0;
    this.plainCount = 0;
    this.parkSignalCount = 0;
    if (this.continuations.length > 0) this.continuations = [];
    this.virtualTime = 0;
  }

  get isReplaying(): boolean {
    return this.position < this.log.length;
  }

  /** The logged result of the operation the body has just repeated. */
  nextLogged(): unknown {
    return this.log[this.position++];
  }

  record<T>(value: T): T {
    this.log.push(value);
    this.position++;
    return value;
  }
}
