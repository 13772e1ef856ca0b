// Turns an exploration into a finding: says in words what its failure means.

import type { ExploreOptions, ExploreResult } from '@zsmalloc/explorer';
import type { Strategy } from '@zsmalloc/core/strategy';
import type { Capabilities } from '@zsmalloc/core/strategy';
import type { Check, CheckContext, Finding } from '../check.ts';
import { Violation } from '../host/small-host.ts';
import type { InvariantNumber } from '../invariants.ts';

/** Row that a hang is blamed on. */
const NO_LOST_WAKEUP = 4;
const HANGS = new Set(['deadlock', 'lost-wakeup', 'livelock', 'step-limit']);

const KIND_IN_WORDS: Readonly<Record<string, string>> = {
  deadlock: 'agents wait for each other for ever',
  'lost-wakeup': 'an agent sleeps on although it should go on',
  livelock: 'agents spin for ever although nothing is in their way',
  'step-limit': 'a call does not end',
  'uncaught-error': 'a call that is legal throws',
};

/** What an explorer check is made of. */
export interface ExplorerCheck {
  readonly id: string;
  readonly title: string;
  readonly rows: readonly InvariantNumber[];
  readonly weight?: number;
  readonly fits?: (capabilities: Capabilities) => boolean;
  /** What a data race, or agents inside together, means here: "two agents were inside class lock 0 at once". */
  readonly race: string;
  /** What a hang means, where that is not plain. */
  readonly words?: string;
  readonly explore: (strategy: Strategy, options: Partial<ExploreOptions>) => ExploreResult | Promise<ExploreResult>;
}

/** Fewer preemptions find most bugs, soonest; all schedules come after that, as far as there is time. */
const PREEMPTIONS = 2;
/** Share of the time for the bounded search. */
const BOUNDED_SHARE = 0.5;
/** Some executions come out of this on the slowest machine. */
const MS_MIN = 50;

/** See the head of the file. */
export function explorerCheck(parts: ExplorerCheck): Check {
  const { id, title, rows, fits } = parts;
  return {
    id,
    title,
    kind: 'explorer',
    rows,
    weight: parts.weight ?? 1,
    ...(fits === undefined ? {} : { fits }),
    run: (context) => explorePartly(parts, context),
  };
}

async function explorePartly(parts: ExplorerCheck, context: CheckContext): Promise<Finding> {
  const { budgetMs, schedule, subject } = context;
  if (schedule !== undefined) return findingOf(parts, [await parts.explore(subject.strategy, { schedule })]);
  const bounded = await parts.explore(subject.strategy, {
    preemptions: PREEMPTIONS,
    timeLimitMs: Math.max(MS_MIN, budgetMs * BOUNDED_SHARE),
  });
  if (bounded.failure !== null) return findingOf(parts, [bounded]);
  const whole = await parts.explore(subject.strategy, { timeLimitMs: Math.max(1, budgetMs - bounded.elapsedMs) });
  return findingOf(parts, [bounded, whole]);
}

function findingOf(parts: ExplorerCheck, results: readonly ExploreResult[]): Finding {
  const sum = (key: 'executions' | 'pruned' | 'operations' | 'crashPoints'): number =>
    results.reduce((total, result) => total + result[key], 0);
  const counts: Record<string, number> = {
    executions: sum('executions') + sum('pruned'),
    operations: sum('operations'),
  };
  if (sum('crashPoints') > 0) counts['crash points'] = sum('crashPoints');
  const failed = results.find(({ failure }) => failure !== null);
  if (failed === undefined) {
    if (counts['executions'] === 0) return { verdict: 'not run', counts };
    const [best] = ['proved', 'bounded', 'sampled', 'replayed'].filter((verdict) =>
      results.some((result) => result.verdict === verdict),
    );
    return { verdict: best ?? 'cut-off', counts };
  }
  const failure = failed.failure!;
  const { kind } = failure;
  const detail = shorten(failure.chart);
  const hangs = HANGS.has(kind) && parts.rows.includes(NO_LOST_WAKEUP);
  return {
    verdict: 'failed',
    counts,
    defect: {
      message: messageOf(parts, kind, failure.message),
      detail,
      schedule: failure.schedule,
      rows: hangs ? [NO_LOST_WAKEUP] : (rowsOf(failure.cause, parts.rows) ?? withoutHangs(parts.rows)),
    },
  };
}

/** Charts of agents that spin are long, and the same line again and again. */
const LINES_HEAD = 60;
const LINES_TAIL = 12;

function shorten(chart: string): string {
  const lines = chart.split('\n');
  const left = lines.length - LINES_HEAD - LINES_TAIL;
  if (left <= 1) return chart;
  return [...lines.slice(0, LINES_HEAD), `... ${left} more ...`, ...lines.slice(-LINES_TAIL)].join('\n');
}

function messageOf({ race, words: hang }: ExplorerCheck, kind: string, message: string): string {
  if (kind === 'data-race') return `${race}: ${message}`;
  const words = HANGS.has(kind) ? (hang ?? KIND_IN_WORDS[kind]) : KIND_IN_WORDS[kind];
  return words === undefined ? message : `${words}: ${message}`;
}

function withoutHangs(rows: readonly InvariantNumber[]): readonly InvariantNumber[] {
  const others = rows.filter((row) => row !== NO_LOST_WAKEUP);
  return others.length === 0 ? rows : others;
}

function rowsOf(cause: unknown, own: readonly InvariantNumber[]): readonly InvariantNumber[] | undefined {
  if (!(cause instanceof Violation) || cause.rows === undefined) return undefined;
  const common = cause.rows.filter((row) => own.includes(row));
  return common.length > 0 ? common : cause.rows.slice(0, 1);
}
