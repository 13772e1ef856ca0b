import { DepthFirst } from './depth-first.ts';
import { ExplorerError } from './errors.ts';
import { type Finding } from './failure.ts';
import { minimise } from './minimise.ts';
import { type CrashPoint, type ExploreOptions, type Program, resolveThread, toProgram } from './options.ts';
import { type ExploreResult, type Failure, type Verdict, writeReport } from './result.ts';
import { drive, type Execution } from './run-session.ts';
import { PriorityWalk, RandomWalk } from './sampling.ts';
import { parseSchedule, Replay } from './schedule.ts';
import { type Scheduler } from './scheduler.ts';
import { Session, type SessionCounts } from './session.ts';
import { type ReductionFault, SourceDpor } from './source-dpor.ts';

/**
 * Runs the program under all schedules, or as many as the options ask for, until one fails.
 *
 * @throws ERR_EXPLORER_NOT_ASYNC if a thread is async: use `exploreAsync`.
 */
export function explore<G = undefined>(options: ExploreOptions<G>): ExploreResult {
  return drive.sync(new Exploration(options as ExploreOptions, false).run());
}

/** `explore` for programs with async threads, `Atomics.waitAsync` or timers. */
export function exploreAsync<G = undefined>(options: ExploreOptions<G>): Promise<ExploreResult> {
  return drive.async(new Exploration(options as ExploreOptions, true).run());
}

/** `explore` with a deliberately faulty reduction. For the test of the self-check. */
export function exploreFaulty<G = undefined>(options: ExploreOptions<G>, fault: ReductionFault): ExploreResult {
  return drive.sync(new Exploration(options as ExploreOptions, false, fault).run());
}

/** What a search came to, before minimisation. */
interface Found {
  readonly finding: Finding;
  readonly steps: readonly number[];
  readonly crash: CrashPoint | null;
}

class Exploration {
  readonly #options: ExploreOptions;
  readonly #isAsync: boolean;
  readonly #fault: ReductionFault | null;
  readonly #startMs: number = performance.now();
  readonly #totals: SessionCounts = {
    executions: 0,
    pruned: 0,
    operations: 0,
    deepest: 0,
    timeouts: 0,
    spins: 0,
  };
  #crashPoints = 0;
  #isComplete = true;

  constructor(options: ExploreOptions, isAsync: boolean, fault: ReductionFault | null = null) {
    this.#options = options;
    this.#isAsync = isAsync;
    this.#fault = fault;
  }

  *run(): Generator<Execution, ExploreResult, void> {
    const { memory, setup } = this.#options;
    if (memory.observer !== null) throw new ExplorerError('ERR_EXPLORER_NESTED', 'cannot explore from inside a thread');
    if (setup !== undefined) {
      const session = new Session(toProgram(this.#options, null), new Replay([], true), this.#isAsync);
      yield { session, setup: () => setup(memory) };
    }
    memory.takeSnapshot();
    const found = yield* this.#search();
    const failure = found === null ? null : yield* this.#explain(found);
    memory.restoreSnapshot();
    return this.#result(failure);
  }

  *#search(): Generator<Execution, Found | null, void> {
    const { schedule, crash } = this.#options;
    if (schedule !== undefined) {
      const parsed = parseSchedule(schedule);
      return yield* this.#searchWith(toProgram(this.#options, parsed.crash), new Replay(parsed.steps, true));
    }
    const plain = toProgram(this.#options, null);
    if (crash === undefined) return yield* this.#searchWith(plain, this.#newScheduler(plain));
    const thread = resolveThread(crash.thread, plain.names);
    let found: Found | null = null;
    for (let k = crash.beforeOperation ?? 0; found === null && this.#isComplete; k++) {
      const program = toProgram(this.#options, { thread, beforeOperation: k });
      const sweep = { hasCrashed: false };
      found = yield* this.#searchWith(program, this.#newScheduler(program), sweep);
      if (!sweep.hasCrashed) break; // The thread has no more operations than k, in any execution.
      this.#crashPoints++;
      if (crash.beforeOperation !== undefined) break;
    }
    return found;
  }

  *#searchWith(
    program: Program,
    scheduler: Scheduler,
    sweep?: { hasCrashed: boolean },
  ): Generator<Execution, Found | null, void> {
    const session = new Session(program, scheduler, this.#isAsync);
    const { counts } = session;
    const collects = program.options.onOutcome !== undefined;
    let found: Found | null = null;
    do {
      if (this.#isOverLimit(program, counts)) {
        this.#isComplete = false;
        break;
      }
      yield { session };
      if (sweep !== undefined && program.crash !== null)
        sweep.hasCrashed ||= session.threads[program.crash.thread]!.hasDied;
      if (session.finding !== null) {
        found ??= {
          finding: session.finding,
          steps: session.trace.events.map((event) => event.thread),
          crash: program.crash,
        };
        if (collects) continue;
        this.#isComplete = false;
        break;
      }
    } while (session.advance());
    addCounts(this.#totals, counts);
    return found;
  }

  *#explain(found: Found): Generator<Execution, Failure, void> {
    const program = toProgram(this.#options, found.crash);
    return yield* minimise(program, found.finding, found.steps, this.#isAsync);
  }

  #newScheduler(program: Program): Scheduler {
    switch (program.mode) {
      case 'random':
        return new RandomWalk(program.seed);
      case 'pct':
        return new PriorityWalk(program.seed, program.depth, program.names.length);
      case 'unreduced':
        return new DepthFirst(program.preemptions);
      case 'exhaustive':
        return program.preemptions < Infinity ? new DepthFirst(program.preemptions) : new SourceDpor(this.#fault);
    }
  }

  #isOverLimit({ maxExecutions, timeLimitMs }: Program, counts: SessionCounts): boolean {
    const executions = this.#totals.executions + this.#totals.pruned + counts.executions + counts.pruned;
    return executions >= maxExecutions || performance.now() - this.#startMs > timeLimitMs;
  }

  #result(failure: Failure | null): ExploreResult {
    const { executions, pruned, operations, deepest, timeouts, spins } = this.#totals;
    const result = {
      verdict: this.#verdict(failure),
      failure,
      isComplete: this.#isComplete,
      executions,
      pruned,
      operations,
      deepest,
      crashPoints: this.#crashPoints,
      timeouts,
      spins,
      elapsedMs: performance.now() - this.#startMs,
    };
    return { ...result, report: writeReport(result) };
  }

  #verdict(failure: Failure | null): Verdict {
    const { schedule, mode, preemptions } = this.#options;
    if (failure !== null) return 'failed';
    if (schedule !== undefined) return 'replayed';
    if (mode === 'random' || mode === 'pct') return 'sampled';
    if (!this.#isComplete) return 'cut-off';
    return preemptions === undefined || preemptions === Infinity ? 'proved' : 'bounded';
  }
}

function addCounts(target: SessionCounts, source: SessionCounts): void {
  for (const key of Object.keys(target) as (keyof SessionCounts)[]) {
    target[key] = key === 'deepest' ? Math.max(target[key], source[key]) : target[key] + source[key];
  }
}
