import { ExplorerError } from './errors.ts';
import { type ModelMemory } from './model-memory.ts';

/**
 * What a thread gets. Everything else it may touch must be rebuilt in its body: bodies are re-entered from the
 * start.
 */
export interface ThreadContext<G = unknown> {
  readonly memory: ModelMemory;
  /** Position among the threads, from 0. */
  readonly id: number;
  readonly name: string;
  /**
   * Runs `step` once, atomically, as a step of its own whose order against all other ghost steps is explored; in a
   * replay its result comes from the log. For test-side state and assertions. It must not use `Atomics`.
   */
  ghost<T>(step: (state: G) => T): T;
  /** Fails the execution as a broken invariant. */
  assert(condition: unknown, message: string): asserts condition;
  /**
   * Has this thread ended, by returning or by the injected crash? An atomic read that orders after the thread's
   * past.
   */
  hasExited(thread: number | string): boolean;
  /** Blocks until that thread has ended, as a parent's 'exit' event would. */
  awaitExit(thread: number | string): void;
}

export type ThreadBody<G = unknown> = (context: ThreadContext<G>) => unknown;

/** What `check` sees after every complete execution. */
export interface FinalState<G = unknown> {
  readonly memory: ModelMemory;
  /** What each thread returned; undefined for one that died. */
  readonly results: readonly unknown[];
  /** Which threads the injected crash killed. */
  readonly died: readonly boolean[];
  readonly ghost: G;
}

/**
 * How executions are chosen. 'exhaustive' is source-DPOR with sleep sets, or a preemption-bounded search when
 * `preemptions` is given; 'unreduced' visits every interleaving; 'random' and 'pct' sample `maxExecutions` of them.
 */
export type Mode = 'exhaustive' | 'unreduced' | 'random' | 'pct';

/**
 * What a finite timeout of `Atomics.wait` means. 'rescue': it fires only when nothing else can run, and that is
 * reported as a lost wakeup. 'last-resort': it fires then, and is no failure. 'any': it may fire at any time.
 */
export type TimeoutPolicy = 'rescue' | 'last-resort' | 'any';

export interface CrashOptions {
  /** The thread that dies. */
  readonly thread: number | string;
  /**
   * It dies before this operation, counting its atomic operations and plain writes from 0. Left out: every one in
   * turn.
   */
  readonly beforeOperation?: number;
}

export interface ExploreOptions<G = unknown> {
  readonly memory: ModelMemory;
  /** Runs once, directly; every execution starts from the bytes it leaves. */
  readonly setup?: (memory: ModelMemory) => void;
  readonly threads: Readonly<Record<string, ThreadBody<G>>> | readonly ThreadBody<G>[];
  /** Makes fresh test-side state for every execution, see `ThreadContext.ghost`. */
  readonly ghost?: () => G;
  /** Throws if a complete execution ended wrongly. */
  readonly check?: (final: FinalState<G>) => void;
  /** Throws if the memory is wrong after any single atomic operation. Makes all writes dependent: costs executions. */
  readonly invariant?: (memory: ModelMemory, ghost: G) => void;

  readonly mode?: Mode;
  /** Most switches away from a thread that could have gone on. Turns 'exhaustive' into an unreduced bounded search. */
  readonly preemptions?: number;
  /** Groups of threads with the same body and interchangeable results: only one order of their starts is explored. */
  readonly symmetric?: readonly (readonly (number | string)[])[];
  /** For 'random' and 'pct'. Default 1. */
  readonly seed?: number;
  /** For 'pct': the number of ordering constraints the bug may need. Default 3. */
  readonly depth?: number;
  /** Replays this one schedule, as printed by a failure. */
  readonly schedule?: string;

  /** Most atomic operations in one execution. Default 2000. */
  readonly maxSteps?: number;
  /** Default 1 000 for 'random' and 'pct', otherwise none. */
  readonly maxExecutions?: number;
  readonly timeLimitMs?: number;
  /**
   * After this many repeated reads of unchanged words, with no write of its own between, a thread counts as
   * spinning. Default 10.
   */
  readonly spinReads?: number;
  readonly timeouts?: TimeoutPolicy;
  /**
   * Locations whose plain accesses race by design: each becomes a step of its own, and is no data race. With 'reads' only
   * plain reads are meant, hints that may be stale: a plain write that is unordered with others stays a data race.
   */
  readonly racy?: (byteOffset: number) => boolean | 'reads';
  readonly crash?: CrashOptions;
  /** Gives every thread an exit event, see `ThreadContext.hasExited`. Default: true if `crash` is given. */
  readonly exitEvents?: boolean;
  /** A name for a location in reports. */
  readonly describe?: (byteOffset: number) => string | undefined;
  /**
   * Called with every complete or failed execution; for tests that collect outcomes. Exploration then goes on after
   * a failure.
   */
  readonly onOutcome?: (outcome: Outcome<G>) => void;
}

/** One execution as `onOutcome` sees it. */
export interface Outcome<G = unknown> extends FinalState<G> {
  /** The kind of failure, or 'complete'. */
  readonly ending: string;
  /** Threads still blocked at the end, with what they wait for. */
  readonly blocked: readonly string[];
}

/** The options with defaults filled in and thread names resolved. */
export interface Program {
  readonly options: ExploreOptions;
  readonly memory: ModelMemory;
  readonly names: readonly string[];
  readonly bodies: readonly ThreadBody[];
  /** For each thread the one of its symmetry group that must start before it, or -1. */
  readonly startsAfter: readonly number[];
  readonly mode: Mode;
  readonly seed: number;
  readonly depth: number;
  readonly preemptions: number;
  readonly maxSteps: number;
  readonly maxExecutions: number;
  readonly timeLimitMs: number;
  readonly spinReads: number;
  readonly timeouts: TimeoutPolicy;
  readonly exitEvents: boolean;
  readonly crash: CrashPoint | null;
}

export interface CrashPoint {
  readonly thread: number;
  readonly beforeOperation: number;
}

/** Clocks are joined per event and charts have a column per thread; beyond this nothing finishes anyway. */
const THREADS_MAX = 16;

export function toProgram(options: ExploreOptions, crash: CrashPoint | null): Program {
  const names = Array.isArray(options.threads)
    ? options.threads.map((_, id) => `T${id}`)
    : Object.keys(options.threads);
  const bodies = Object.values(options.threads);
  if (bodies.length === 0 || bodies.length > THREADS_MAX) {
    throw new ExplorerError('ERR_EXPLORER_OPTION', `cannot explore ${bodies.length} threads: give 1 to ${THREADS_MAX}`);
  }
  const mode = options.mode ?? 'exhaustive';
  const samples = mode === 'random' || mode === 'pct';
  return {
    options,
    memory: options.memory,
    names,
    bodies,
    startsAfter: resolveSymmetry(options, names),
    mode,
    seed: options.seed ?? 1,
    depth: options.depth ?? 3,
    preemptions: options.preemptions ?? Infinity,
    maxSteps: options.maxSteps ?? 2000,
    maxExecutions: options.maxExecutions ?? (samples ? 1000 : Infinity),
    timeLimitMs: options.timeLimitMs ?? Infinity,
    spinReads: options.spinReads ?? 10,
    timeouts: options.timeouts ?? 'rescue',
    exitEvents: options.exitEvents ?? options.crash !== undefined,
    crash,
  };
}

/** @throws ERR_EXPLORER_OPTION for a name or number that is no thread's. */
export function resolveThread(thread: number | string, names: readonly string[]): number {
  const id = typeof thread === 'number' ? thread : names.indexOf(thread);
  if (!(Number.isInteger(id) && id >= 0 && id < names.length)) {
    throw new ExplorerError('ERR_EXPLORER_OPTION', `there is no thread ${thread}: the threads are ${names.join(', ')}`);
  }
  return id;
}

function resolveSymmetry(options: ExploreOptions, names: readonly string[]): number[] {
  const startsAfter = names.map(() => -1);
  for (const group of options.symmetric ?? []) {
    const ids = group.map((thread) => resolveThread(thread, names)).sort((a, b) => a - b);
    for (let i = 1; i < ids.length; i++) startsAfter[ids[i]!] = ids[i - 1]!;
  }
  return startsAfter;
}
