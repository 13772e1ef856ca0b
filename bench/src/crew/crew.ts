// The workers of one measured process. They are started once and serve its cells one after the other, each cell with a
// pool of its own and with as many of the workers as it asks for; the others sleep.

import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { check } from '../checks.ts';
import type { LatencyBatch } from '../latencies.ts';
import { CrewControl, STOP, WARM_UP } from './control.ts';
import { LATER, WarmUpWatch, firstOfKind } from './warm-up.ts';
import type { WarmUp } from './warm-up.ts';
import type { WorkerCell, WorkerData, WorkerPhase } from './worker.ts';

/** A measured stretch of time. */
export interface Phase {
  readonly name: string;
  readonly ms: number;
}

/** What one worker is given. */
export interface Given {
  readonly data: unknown;
  readonly ports: readonly MessagePort[];
}

/** What a cell asks of the crew. */
export interface CellSpec extends Omit<WorkerCell, 'phases' | 'own'> {
  readonly phases: readonly Phase[];
  /** Cells of the same kind run the same code: the first of a kind that a worker runs gets a longer warm-up. */
  readonly kind: string;
  /** What each worker alone is given, by its index from 1; ports in the data leave this agent. */
  readonly give?: (index: number) => Given;
  /** Called by the main agent every LOOK_MS while workers measure. */
  readonly look?: () => void;
}

/** One phase, all workers together. */
export interface PhaseOutcome {
  readonly operations: number;
  /** From its beginning to its end by the main agent's clock. */
  readonly seconds: number;
  /** Of all workers. A worker's own clock would leave out how long it was off its core before it saw the phase begin. */
  readonly operationsPerSecond: number;
  readonly operationsByWorker: readonly number[];
  /** Processor time of the whole process: what others took from it meanwhile does not count. */
  readonly cpuSeconds: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly latencies: readonly LatencyBatch[];
}

export interface CellOutcome {
  readonly warmUp: WarmUp;
  readonly phases: readonly PhaseOutcome[];
}

const NOTHING_GIVEN: Given = { data: undefined, ports: [] };
const LOOK_MS = 25;
const READY_MS_MAX = 30_000;

/** Adds counts up; keys that end in "Max" take the larger. */
function joinCounts(reports: readonly WorkerPhase[]): Record<string, number> {
  const joined: Record<string, number> = {};
  for (const { counts } of reports) {
    for (const [key, value] of Object.entries(counts)) {
      const before = joined[key] ?? 0;
      joined[key] = key.endsWith('Max') ? Math.max(before, value) : before + value;
    }
  }
  return joined;
}

/** What the main agent sees of a phase. */
type Timing = Pick<PhaseOutcome, 'seconds' | 'cpuSeconds'>;

function joinPhase(reports: readonly WorkerPhase[], { seconds, cpuSeconds }: Timing): PhaseOutcome {
  const operations = reports.reduce((sum, own) => sum + own.operations, 0);
  return {
    operations,
    seconds,
    cpuSeconds,
    operationsPerSecond: operations / seconds,
    operationsByWorker: reports.map((own) => own.operations),
    counts: joinCounts(reports),
    latencies: reports.map(({ latencies }) => latencies),
  };
}

/** See the head of the file. */
export class Crew {
  readonly #workers: readonly Worker[];
  readonly #control: CrewControl;
  /** Workers that have run a kind, from the first on. */
  readonly #warm: Map<string, number> = new Map();

  private constructor(workers: readonly Worker[], control: CrewControl) {
    this.#workers = workers;
    this.#control = control;
  }

  /** Starts `size` workers that know the strategy of `subject`. */
  static start(subject: string, size: number): Crew {
    const control = CrewControl.create(size);
    const workers = Array.from({ length: size }, (_, index) => {
      const workerData: WorkerData = { strategyId: subject, index: index + 1, control: control.buffer };
      return new Worker(new URL('./worker.js', import.meta.url), { workerData });
    });
    return new Crew(workers, control);
  }

  /** Ends all workers. They are between cells. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  /** Runs one cell; throws what a worker threw. */
  async run(spec: CellSpec): Promise<CellOutcome> {
    const { phases, look: _look, kind: _kind, give, ...rest } = spec;
    this.#control.reset();
    const cell: WorkerCell = { ...rest, phases: phases.map(({ name }) => name) };
    const taking = this.#workers.slice(0, spec.workers);
    check(taking.length === spec.workers, `a crew of ${this.#workers.length} cannot run ${spec.workers} workers.`);
    const reporting = Promise.all(
      taking.map((worker, index) => this.#report(worker, cell, give?.(index + 1) ?? NOTHING_GIVEN)),
    );
    // A worker that fails ends the cell at once: the others would wait for it.
    const [{ warmUp, timings }, reports] = await Promise.all([this.#conduct(spec), reporting]);
    const joined = phases.map((_, number) =>
      joinPhase(
        reports.map((own) => own[number]!),
        timings[number]!,
      ),
    );
    return { warmUp, phases: joined };
  }

  #report(worker: Worker, cell: WorkerCell, { data: own, ports }: Given): Promise<WorkerPhase[]> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        worker.off('message', finish);
        worker.off('error', fail);
        worker.off('exit', leave);
      };
      const finish = (reports: WorkerPhase[]): void => (settle(), resolve(reports));
      const fail = (error: unknown): void => (settle(), reject(error as Error));
      const leave = (): void => fail(new Error('a worker ended in the middle of a cell'));
      worker.on('message', finish).on('error', fail).on('exit', leave);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A worker has no origin.
      worker.postMessage({ ...cell, own }, [...ports]);
    });
  }

  async #conduct({ workers, phases, kind, look }: CellSpec): Promise<{ warmUp: WarmUp; timings: Timing[] }> {
    const control = this.#control;
    const deadline = performance.now() + READY_MS_MAX;
    while (control.readyCount() < workers) {
      check(performance.now() < deadline, `only ${control.readyCount()} of ${workers} workers were ready after 30 s.`);
      await sleep(1);
    }
    control.enter(WARM_UP);
    const warm = this.#warm.get(kind) ?? 0;
    const patience = workers <= warm ? LATER : firstOfKind(workers);
    this.#warm.set(kind, Math.max(warm, workers));
    const warmUp = await new WarmUpWatch(control, workers).untilSteady(patience);
    const timings: Timing[] = [];
    for (const [number, { ms }] of phases.entries()) {
      control.enter(WARM_UP + 1 + number);
      const cpu = process.cpuUsage();
      const begin = performance.now();
      const end = begin + ms;
      for (let left = ms; left > 0; left = end - performance.now()) {
        await sleep(Math.max(1, look === undefined ? left : Math.min(LOOK_MS, left)));
        look?.();
      }
      const { user, system } = process.cpuUsage(cpu);
      timings.push({ seconds: (performance.now() - begin) / 1000, cpuSeconds: (user + system) / 1e6 });
    }
    control.enter(STOP);
    return { warmUp, timings };
  }
}
