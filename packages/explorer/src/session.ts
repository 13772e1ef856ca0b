// One session runs executions of one program, each under the schedule that its scheduler chooses.
//
// A thread that is chosen while another one's body is on the native stack is entered on top of it; when the lower
// one is
// chosen again, the upper one is left by throwing PARK through it, and the lower one goes on where it was, without a
// replay. So only about every second context switch costs a throw and a re-entry.

import { joinClock } from './clock.ts';
import { enterBody, parkAgain } from './body.ts';
import { type ExplorerError } from './errors.ts';
import { type Event } from './event.ts';
import { CRASH, type FailureKind, type Finding, PARK } from './failure.ts';
import { type ModelMemory, PSEUDO_WORDS, WORD_BYTES } from './model-memory.ts';
import { type Program } from './options.ts';
import { concludeExecution } from './outcome.ts';
import { PlainObserver } from './plain-access.ts';
import { describeStandstill, noteStalledTurn, turnsAtQuiescence } from './quiescence.ts';
import { RaceDetector } from './race-detector.ts';
import { type Recorder } from './recorder.ts';
import { PRUNE, type Scheduler } from './scheduler.ts';
import { newThreads } from './thread-context.ts';
import { newEvent, noteEnabler, Trace } from './trace.ts';
import { type VirtualThread, type Waiter } from './virtual-thread.ts';
import { expire } from './waiting.ts';

export interface SessionCounts {
  executions: number;
  pruned: number;
  operations: number;
  deepest: number;
  timeouts: number;
  spins: number;
}

export class Session {
  readonly program: Program;
  readonly memory: ModelMemory;
  readonly threads: readonly VirtualThread[];
  readonly races: RaceDetector;
  readonly trace: Trace;
  readonly counts: SessionCounts = {
    executions: 0,
    pruned: 0,
    operations: 0,
    deepest: 0,
    timeouts: 0,
    spins: 0,
  };
  /** Notes every access with its source line; only in the diagnostic replay of a failure. */
  readonly recorder: Recorder | null;
  /** Bodies may be async: threads are left at every switch, since microtasks can't be run from inside of one. */
  readonly isAsync: boolean;
  readonly #scheduler: Scheduler;
  readonly #plain: PlainObserver;

  /** The thread whose code is running; null in the explorer itself, in `setup` and in `check`. */
  current: VirtualThread | null = null;
  /** Who takes the next step; null when the execution is over. */
  next: VirtualThread | null = null;
  finding: Finding | null = null;
  isPruned = false;
  /** The code under test can't be explored. Kept here since it may catch what is thrown at it. */
  misuse: ExplorerError | null = null;
  ghost: unknown = undefined;
  /** Wait queues by byte offset. */
  readonly queues: Map<number, Waiter[]> = new Map();
  readonly exited: boolean[];
  /** Turns given to spinning threads since the last change of the memory. */
  stallCount = 0;
  /** Which thread was given the first of those turns. */
  stallLeader: number = -1;
  /** Nothing could run, so the step being taken depends on everything before it. */
  isQuiescent = false;
  #last: number = -1;

  constructor(program: Program, scheduler: Scheduler, isAsync: boolean, recorder: Recorder | null = null) {
    this.program = program;
    this.memory = program.memory;
    this.recorder = recorder;
    this.isAsync = isAsync;
    this.#scheduler = scheduler;
    this.threads = newThreads(this);
    this.races = new RaceDetector(this.threads.length, this.memory.byteLength);
    this.trace = new Trace(this.memory.byteLength / WORD_BYTES + PSEUDO_WORDS);
    this.#plain = new PlainObserver(this);
    this.exited = this.threads.map(() => false);
  }

  /** Runs one execution of synchronous threads to its end. */
  runExecution(): void {
    this.beginExecution();
    this.#letOthersRun(null);
    this.endExecution();
  }

  beginExecution(): void {
    this.memory.restoreSnapshot();
    this.races.beginExecution();
    this.#scheduler.beginExecution();
    for (const thread of this.threads) thread.beginExecution(this.threads.length);
    this.trace.beginExecution();
    this.finding = null;
    this.isPruned = false;
    this.queues.clear();
    this.exited.fill(false);
    this.stallCount = 0;
    this.#last = -1;
    this.isQuiescent = false;
    this.ghost = this.program.options.ghost?.();
  }

  endExecution(): void {
    if (this.misuse !== null) throw this.misuse;
    const { counts } = this;
    counts.operations += this.trace.length;
    if (this.isPruned) {
      counts.pruned++;
      return;
    }
    counts.executions++;
    counts.deepest = Math.max(counts.deepest, this.trace.length);
    concludeExecution(this);
  }

  /** @returns Whether the scheduler has another execution to run. */
  advance(): boolean {
    return this.#scheduler.endExecution(this.trace.events);
  }

  /** Makes memory accesses report to this session on behalf of `thread`, or act directly for null. */
  setCurrent(thread: VirtualThread | null): void {
    this.current = thread;
    this.memory.observer = thread === null ? null : this.#plain;
  }

  /** Runs test-side code: its memory accesses act directly. */
  runDirectly<T>(action: () => T): T {
    const running = this.current;
    this.setCurrent(null);
    try {
      return action();
    } finally {
      this.setCurrent(running);
    }
  }

  fail(kind: FailureKind, message: string, cause?: unknown): void {
    this.finding ??= cause === undefined ? { kind, message } : { kind, message, cause };
  }

  /**
   * Every operation of a body passes here first. Throws where the thread must stop.
   * @returns Whether the operation was done in an earlier entry of the body, so that the log has its result.
   */
  isAnswered(thread: VirtualThread, isEffect: boolean): boolean {
    if (thread.isUnwinding) parkAgain(this, thread);
    if (thread.isDying) throw CRASH;
    if (isEffect) {
      const { crash } = this.program;
      if (crash !== null && crash.thread === thread.id && !thread.isExiting) {
        if (thread.effectCount === crash.beforeOperation) {
          thread.isDying = true;
          throw CRASH;
        }
        thread.effectCount++;
      }
    }
    return thread.isReplaying;
  }

  /**
   * Returns when it is the thread's turn to take a step; parks it if others come first and it can't stay on the
   * stack.
   */
  awaitTurn(thread: VirtualThread): void {
    if (!thread.isGranted && !this.#letOthersRun(thread)) this.park(thread);
  }

  /** The thread has just blocked. @returns What it is woken with, once it has been woken and chosen. */
  block(thread: VirtualThread): unknown {
    if (thread.isGranted) this.appendLocal(thread);
    if (!this.#letOthersRun(thread)) this.park(thread);
    return thread.nextLogged();
  }

  park(thread: VirtualThread): never {
    thread.isUnwinding = true;
    // Others may have run on top of this body: what its finally blocks try is its own, and must have no effect.
    this.setCurrent(thread);
    throw PARK;
  }

  /** Adds the step a thread takes to the trace, and tells the scheduler. */
  append(thread: VirtualThread, event: Event): void {
    thread.eventCount++;
    thread.isGranted = false;
    thread.plainCount = 0;
    const races = this.trace.append(event, this.#scheduler.needsDependence ? thread : null);
    this.#scheduler.taken(this.trace.events, races);
  }

  /** The step just taken has taken from a thread what it could have done instead. */
  noteDisabled(thread: VirtualThread): void {
    this.#scheduler.disabled(this.trace.length - 1, thread.id);
  }

  /** A step in which the thread did nothing others could see: it ended, or ran into a pause. */
  appendLocal(thread: VirtualThread): void {
    this.append(thread, newEvent(this, thread, 'local', -1, false));
  }

  /** A thread that was waiting or paused can go on. */
  makeRunnable(thread: VirtualThread): void {
    thread.status = 'runnable';
    if (thread.resumption !== null) {
      if (thread.resumption.isLogged) thread.log.push(thread.resumption.value);
      thread.resumption = null;
      thread.watched.clear();
      thread.rereadCount = 0;
    }
  }

  /** Must follow each change of a word: threads that spin on it can go on. */
  noteChange(cause: VirtualThread, word: number): void {
    const event = this.trace.noteChange(cause, word, this.memory.versions[word]!);
    this.memory.noteChange(word);
    this.stallCount = 0;
    for (const thread of this.threads) {
      if (thread.status !== 'paused' || !thread.watched.has(word)) continue;
      noteEnabler(thread, event);
      this.makeRunnable(thread);
    }
  }

  /** Decides who takes the next step, and takes the steps that no thread's code is needed for. */
  choose(): VirtualThread | null {
    while (this.finding === null && !this.isPruned && this.misuse === null) {
      let enabled = this.#enabled();
      this.isQuiescent = enabled.length === 0;
      if (this.isQuiescent) enabled = turnsAtQuiescence(this);
      if (enabled.length === 0) {
        const standstill = describeStandstill(this);
        if (standstill !== null) this.fail(standstill.kind, standstill.message);
        return null;
      }
      const depth = this.trace.length;
      if (depth >= this.program.maxSteps) {
        this.fail('step-limit', `the execution did not end within ${depth} steps: raise maxSteps, or find what loops`);
        return null;
      }
      const id = this.#scheduler.choose({ depth, enabled, last: this.#last, isQuiescent: this.isQuiescent });
      if (id === PRUNE) {
        this.isPruned = true;
        return null;
      }
      this.#last = id;
      const thread = this.threads[id]!;
      if (this.isQuiescent) for (const other of this.threads) joinClock(thread.dependence, other.dependence);
      if (thread.status === 'waiting' || thread.status === 'idle') {
        expire(this, thread);
        continue;
      }
      if (thread.status === 'paused') {
        noteStalledTurn(this, thread);
        this.makeRunnable(thread);
      }
      thread.isGranted = true;
      return thread;
    }
    return null;
  }

  #enabled(): number[] {
    const enabled: number[] = [];
    const { startsAfter, timeouts } = this.program;
    for (const thread of this.threads) {
      const canRun = thread.status === 'runnable' || (timeouts === 'any' && thread.waiter?.isTimed === true);
      if (!canRun) continue;
      const twin = startsAfter[thread.id]!;
      if (twin < 0 || thread.eventCount > 0 || this.threads[twin]!.eventCount > 0) enabled.push(thread.id);
    }
    return enabled;
  }

  /** @returns True once `self` has been chosen; false if its stack must be left first, because one below it was. */
  #letOthersRun(self: VirtualThread | null): boolean {
    this.next = this.choose();
    for (;;) {
      const { next } = this;
      if (next === self) {
        this.setCurrent(self);
        return true;
      }
      if (next === null || next.isOnStack || this.isAsync) return false;
      enterBody(this, next);
    }
  }
}
