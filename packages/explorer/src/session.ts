// One session runs executions of one program, each under the schedule that its scheduler chooses.
//
// A thread that is chosen while another one's body is on the native stack is entered on top of it; when the lower one is
// chosen again, the upper one is left by throwing PARK through it, and the lower one goes on where it was, without a
// replay. So only about every second context switch costs a throw and a re-entry.

import { AccessHistory } from './access-history.ts';
import { joinClock } from './clock.ts';
import { ACCESS_NONE, type Event, type OperationName } from './event.ts';
import { ExplorerError } from './errors.ts';
import { AssertionFailure, CRASH, type FailureKind, type Finding, PARK } from './failure.ts';
import { type ByteRange, type MemoryObserver, type ModelMemory, PSEUDO_WORDS, type ViewRecord, WORD_BYTES } from './model-memory.ts';
import { type Program } from './options.ts';
import { describeRace, RaceDetector } from './race-detector.ts';
import { type Recorder } from './recorder.ts';
import { PRUNE, type Scheduler } from './scheduler.ts';
import { callerSite } from './source-site.ts';
import { concludeExecution } from './outcome.ts';
import { signalExit } from './exit-event.ts';
import { plainBulk, plainRead, plainWrite } from './plain-access.ts';
import { newThreads } from './thread-context.ts';
import { nameLocation } from './location-name.ts';
import { describeStandstill, turnsAtQuiescence } from './quiescence.ts';
import { type VirtualThread, type Waiter } from './virtual-thread.ts';
import { expire } from './waiting.ts';

/** Park signals a body may swallow before it is told off; a retry loop around a lock takes a handful. */
const SWALLOWED_MAX = 1000;

export interface SessionCounts {
  executions: number;
  pruned: number;
  operations: number;
  deepest: number;
  entries: number;
  timeouts: number;
  spins: number;
}

const NO_RACES: readonly number[] = [];

export class Session implements MemoryObserver {
  readonly program: Program;
  readonly memory: ModelMemory;
  readonly threads: readonly VirtualThread[];
  readonly races: RaceDetector;
  readonly history: AccessHistory;
  readonly counts: SessionCounts = {
    executions: 0,
    pruned: 0,
    operations: 0,
    deepest: 0,
    entries: 0,
    timeouts: 0,
    spins: 0,
  };
  /** Notes every access with its source line; only in the diagnostic replay of a failure. */
  readonly recorder: Recorder | null;
  /** Bodies may be async: threads are left at every switch, since microtasks can't be run from inside of one. */
  readonly isAsync: boolean;
  readonly #scheduler: Scheduler;

  /** The thread whose code is running; null in the explorer itself, in `setup` and in `check`. */
  current: VirtualThread | null = null;
  /** Who takes the next step; null when the execution is over. */
  next: VirtualThread | null = null;
  trace: Event[] = [];
  finding: Finding | null = null;
  isPruned = false;
  ghost: unknown = undefined;
  /** Wait queues by byte offset. */
  readonly queues: Map<number, Waiter[]> = new Map();
  readonly exited: boolean[];
  /** Memory changes so far, and turns given to spinning threads since the last one. */
  changeCount = 0;
  stallCount = 0;
  /** For each word the events that changed it: entry v made version v + 1 of version v. */
  readonly changeEvents: number[][] = [];
  #last: number = -1;
  #isQuiescent = false;

  constructor(program: Program, scheduler: Scheduler, isAsync: boolean, recorder: Recorder | null = null) {
    this.program = program;
    this.memory = program.memory;
    this.recorder = recorder;
    this.isAsync = isAsync;
    this.#scheduler = scheduler;
    this.threads = newThreads(this);
    this.races = new RaceDetector(this.threads.length, this.memory.byteLength);
    this.history = new AccessHistory(this.memory.byteLength / WORD_BYTES + PSEUDO_WORDS);
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
    this.history.beginExecution();
    this.#scheduler.beginExecution();
    for (const thread of this.threads) thread.beginExecution(this.threads.length);
    this.trace = [];
    this.finding = null;
    this.isPruned = false;
    this.queues.clear();
    this.exited.fill(false);
    this.changeCount = 0;
    this.stallCount = 0;
    this.#last = -1;
    this.#isQuiescent = false;
    this.ghost = this.program.options.ghost?.();
  }

  endExecution(): void {
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
    return this.#scheduler.endExecution(this.trace);
  }

  /** Makes memory accesses report to this session on behalf of `thread`, or act directly for null. */
  setCurrent(thread: VirtualThread | null): void {
    this.current = thread;
    this.memory.observer = thread === null ? null : this;
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
    if (thread.isUnwinding) this.#parkAgain(thread);
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

  /** Returns when it is the thread's turn to take a step; parks it if others come first and it can't stay on the stack. */
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
    throw PARK;
  }

  /** Adds the step a thread takes to the trace, and finds what it depends on. */
  append(thread: VirtualThread, event: Event): void {
    const { trace } = this;
    const index = trace.length;
    trace.push(event);
    thread.eventCount++;
    thread.isGranted = false;
    thread.plainCount = 0;
    let races = NO_RACES;
    if (this.#scheduler.needsDependence) {
      const found: number[] = [];
      for (const j of this.#conflicts(thread, event, index)) {
        const { thread: q, dependence } = trace[j]!;
        if (q !== thread.id && dependence[q]! > thread.dependence[q]!) found.push(j);
        joinClock(thread.dependence, dependence);
      }
      thread.dependence[thread.id] = index + 1;
      event.dependence = thread.dependence.slice();
      races = found;
    }
    this.#scheduler.taken(trace, races);
  }

  /** Indices of the events that this one directly depends on, latest first. */
  #conflicts(thread: VirtualThread, event: Event, index: number): number[] {
    const conflicts = this.history.record(event, index);
    if (thread.enablers.length === 0) return conflicts;
    conflicts.push(...thread.enablers);
    thread.enablers.length = 0;
    return conflicts.sort((a, b) => b - a);
  }

  /** A step in which the thread did nothing others could see: it ended, or ran into a pause. */
  appendLocal(thread: VirtualThread): void {
    this.append(thread, this.newEvent(thread, 'local', -1, false));
  }

  /** A name for a location, for messages. */
  nameOf(byteOffset: number): string {
    return nameLocation(this.program, byteOffset);
  }

  newEvent(thread: VirtualThread, name: OperationName, word: number, queue: boolean): Event {
    return {
      thread: thread.id,
      name,
      word,
      wordCount: 1,
      access: ACCESS_NONE,
      queue,
      visible: false,
      barrier: this.#isQuiescent,
      dependence: thread.dependence,
      byteOffset: word * WORD_BYTES,
      operand: undefined,
      replacement: undefined,
      result: undefined,
    };
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
    const event = cause.dependence[cause.id]! - 1;
    const version = this.memory.versions[word]!;
    if (version === 0) this.changeEvents[word] = [event];
    else this.changeEvents[word]!.push(event);
    this.memory.noteChange(word);
    this.changeCount++;
    this.stallCount = 0;
    for (const thread of this.threads) {
      if (thread.status !== 'paused' || !thread.watched.has(word)) continue;
      this.noteEnabler(thread, event);
      this.makeRunnable(thread);
    }
  }

  /**
   * The event lets a paused thread go on. That is a dependence, and one to be reversed: some other change might have
   * come first. -1 stands for a plain write before its thread's first event.
   */
  noteEnabler(thread: VirtualThread, event: number): void {
    if (event >= 0) thread.enablers.push(event);
  }

  plainRead(view: ViewRecord, index: number): unknown {
    return plainRead(this, this.current!, view, index);
  }

  plainWrite(view: ViewRecord, index: number, value: unknown): void {
    plainWrite(this, this.current!, view, index, value);
  }

  plainBulk<T>(reads: ByteRange | null, writes: ByteRange | null, action: () => T): T {
    return plainBulk(this, this.current!, reads, writes, action);
  }

  checkRace(thread: VirtualThread, offset: number, size: number, writes: boolean, atomic: boolean): void {
    if (this.program.options.racy?.(offset) === true) return;
    const site = this.recorder === null ? '' : callerSite();
    const access = { thread: thread.id, clock: thread.happensBefore, offset, size, writes, atomic, site };
    const race = this.races.check(access);
    if (race !== null) this.fail('data-race', describeRace(this, access, race));
  }

  checkInvariant(): void {
    try {
      this.runDirectly(() => this.program.options.invariant!(this.memory, this.ghost));
    } catch (error) {
      this.fail('broken-invariant', `invariant: ${error instanceof Error ? error.message : String(error)}`, error);
    }
  }

  /** Decides who takes the next step, and takes the steps that no thread's code is needed for. */
  choose(): VirtualThread | null {
    while (this.finding === null && !this.isPruned) {
      let enabled = this.#enabled();
      this.#isQuiescent = enabled.length === 0;
      if (this.#isQuiescent) enabled = turnsAtQuiescence(this);
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
      const id = this.#scheduler.choose({ depth, enabled, last: this.#last, isQuiescent: this.#isQuiescent });
      if (id === PRUNE) {
        this.isPruned = true;
        return null;
      }
      this.#last = id;
      const thread = this.threads[id]!;
      if (this.#isQuiescent) for (const other of this.threads) joinClock(thread.dependence, other.dependence);
      if (thread.status === 'waiting' || thread.status === 'idle') {
        expire(this, thread);
        continue;
      }
      if (thread.status === 'paused') this.makeRunnable(thread);
      thread.isGranted = true;
      return thread;
    }
    return null;
  }

  #enabled(): number[] {
    const enabled: number[] = [];
    const { startsAfter, timeouts } = this.program;
    for (const thread of this.threads) {
      const canRun =
        thread.status === 'runnable' ||
        (timeouts === 'any' && thread.waiter?.isTimed === true && thread.changesAtTimeout !== this.changeCount);
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
      this.#enter(next);
    }
  }

  /** Calls the body until it ends or parks; then `this.next` says who goes on. */
  #enter(thread: VirtualThread): void {
    thread.beginEntry();
    thread.isOnStack = true;
    this.counts.entries++;
    this.setCurrent(thread);
    try {
      this.#runBody(thread);
      if (thread.isUnwinding) return; // The body swallowed the park signal just before its end.
      this.finish(thread);
      this.next = this.choose();
    } catch (error) {
      if (error === PARK) return;
      if (error instanceof ExplorerError) throw error;
      this.failThread(thread, error);
      this.next = null;
    } finally {
      thread.isOnStack = false;
      this.setCurrent(null);
    }
  }

  #runBody(thread: VirtualThread): void {
    try {
      thread.result = thread.body(thread.context);
    } catch (error) {
      if (error !== CRASH) throw error;
      thread.hasDied = true;
      thread.result = undefined;
    }
    if (thread.result instanceof Promise) {
      throw new ExplorerError('ERR_EXPLORER_NOT_ASYNC', `thread ${thread.name} is async: use exploreAsync`);
    }
    signalExit(this, thread);
  }

  /** The body has ended, of itself or by a crash. */
  finish(thread: VirtualThread): void {
    thread.status = 'done';
    this.stallCount = 0;
    if (thread.isGranted) this.appendLocal(thread);
    // A notification must not go to an agent that has ended.
    for (const queue of this.queues.values()) {
      for (let i = queue.length - 1; i >= 0; i--) if (queue[i]!.thread === thread) queue.splice(i, 1);
    }
  }

  failThread(thread: VirtualThread, error: unknown): void {
    thread.status = 'done';
    if (thread.isGranted) this.appendLocal(thread);
    const message = error instanceof Error ? error.message : String(error);
    const kind = error instanceof AssertionFailure ? 'broken-invariant' : 'uncaught-error';
    this.fail(kind, `${thread.name}: ${message}`, error);
  }

  #parkAgain(thread: VirtualThread): never {
    if (++thread.parkSignalCount > SWALLOWED_MAX) {
      throw new ExplorerError(
        'ERR_EXPLORER_SWALLOWED',
        `thread ${thread.name} keeps catching the signal by which it is parked: do not catch everything around ` +
          'shared-memory operations, or rethrow what is no Error',
      );
    }
    throw PARK;
  }
}
