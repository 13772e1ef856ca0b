// A failing schedule made readable: fewest preemptions, then shortest.

import { drawChart } from './chart.ts';
import { DepthFirst } from './depth-first.ts';
import { type FailureKind, type Finding } from './failure.ts';
import { type Program } from './options.ts';
import { Recorder } from './recorder.ts';
import { type Failure } from './result.ts';
import { type Execution } from './run-session.ts';
import { formatSchedule, Replay } from './schedule.ts';
import { Session } from './session.ts';

type Steps = readonly number[];

/** What is spent on looking for a better schedule. The time is a safeguard: short executions end by their number. */
const EXECUTIONS_MAX = 20_000;
const MILLISECONDS_MAX = 3000;

/** Finds a simple schedule that fails in the same way, and draws it. */
export function* minimise(
  program: Program,
  finding: Finding,
  steps: Steps,
  isAsync: boolean,
): Generator<Execution, Failure, void> {
  const { onOutcome, schedule, ...options } = program.options;
  const quiet: Program = { ...program, options };
  // Who collects all outcomes, thousands perhaps, doesn't look at the one reported.
  if (onOutcome !== undefined)
    return { ...finding, schedule: formatSchedule({ steps, crash: program.crash }), chart: '' };
  // A given schedule is to be shown as it is.
  const best = schedule !== undefined ? steps : yield* fewestSwitches(quiet, finding.kind, steps, isAsync);
  const recorder = new Recorder();
  const session = new Session(quiet, new Replay(best, true), isAsync, recorder);
  yield { session };
  const { kind, message, cause } = session.finding ?? finding;
  return {
    kind,
    message,
    schedule: formatSchedule({ steps: best, crash: program.crash }),
    chart: drawChart(program, recorder.rows),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** Searches with 0, 1, 2, ... preemptions until one fails in the same way; of those the shortest. */
function* fewestSwitches(
  program: Program,
  kind: FailureKind,
  steps: Steps,
  isAsync: boolean,
): Generator<Execution, Steps, void> {
  let executions = 0;
  const start = performance.now();
  const mayGoOn = (): boolean => executions < EXECUTIONS_MAX && performance.now() - start < MILLISECONDS_MAX;
  for (let preemptions = 0; mayGoOn(); preemptions++) {
    let best: Steps | null = null;
    const session = new Session(program, new DepthFirst(preemptions), isAsync);
    do {
      yield { session };
      executions++;
      if (session.finding?.kind !== kind) continue;
      const found = session.trace.events.map((event) => event.thread);
      if (best === null || isSimpler(found, best)) best = found;
    } while (session.advance() && mayGoOn());
    if (best !== null) return isSimpler(best, steps) ? best : steps;
  }
  return steps;
}

function isSimpler(a: Steps, b: Steps): boolean {
  return switches(a) - switches(b) || a.length - b.length
    ? (switches(a) - switches(b) || a.length - b.length) < 0
    : false;
}

function switches(steps: Steps): number {
  return steps.filter((thread, i) => i > 0 && thread !== steps[i - 1]).length;
}
