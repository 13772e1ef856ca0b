// Runs checks in child processes, one at a time, and survives whatever happens to them.
//
// RULES
//   1. A child that says nothing for much longer than its check should take is killed: the check has hung. So a strategy
//      may deadlock, lose a wakeup, or loop without an atomic operation.
//   2. The checks behind a hung one run in a new child. After HUNG_MAX hung checks the rest is not run.

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Finding } from '../check.ts';
import type { News, Order } from './messages.ts';

/** Time that a check may take beyond its budget, in ms and as a factor: a busy machine, and minimising a failure. */
const GRACE_MS = 10_000;
const GRACE_FACTOR = 3;
/** Time to import the strategy. */
const START_MS = 20_000;
const HUNG_MAX = 2;

export interface LaneResult {
  readonly check: string;
  readonly finding: Finding;
  readonly elapsedMs: number;
}

type Listener = (news: { readonly check: string; readonly result?: LaneResult }) => void;

/** Runs all checks of an order, over several children if need be. */
export async function runLane(order: Order, listen: Listener): Promise<LaneResult[]> {
  const results: LaneResult[] = [];
  let hung = 0;
  let left = order.checks;
  const startMs = performance.now();
  while (left.length > 0) {
    if (hung === HUNG_MAX) {
      for (const check of left) {
        results.push({ check, finding: { verdict: 'not run', counts: {} }, elapsedMs: 0 });
      }
      break;
    }
    const budgetMs = Math.max(1000, order.budgetMs - (performance.now() - startMs));
    const before = results.length;
    const end = await runChild(
      { ...order, checks: left, budgetMs },
      (result) => {
        results.push(result);
        listen({ check: result.check, result });
      },
      (check) => listen({ check }),
    );
    left = left.slice(results.length - before);
    if (end === undefined) continue;
    const check = end.check ?? left[0]!;
    results.push({
      check,
      finding: { verdict: end.verdict, counts: {}, defect: { message: end.message } },
      elapsedMs: end.elapsedMs,
    });
    left = left.slice(1);
    hung++;
  }
  return results;
}

interface BadEnd {
  readonly check: string | undefined;
  readonly verdict: string;
  readonly message: string;
  readonly elapsedMs: number;
}

/** Runs one child; undefined when it has come to its end, otherwise how it has not. */
function runChild(
  order: Order,
  found: (result: LaneResult) => void,
  started: (check: string) => void,
): Promise<BadEnd | undefined> {
  const child: ChildProcess = fork(new URL('child.js', import.meta.url), [], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  return new Promise((resolve) => {
    let check: string | undefined;
    let ended = false;
    let startMs = performance.now();
    let watchdog: NodeJS.Timeout;
    let end: BadEnd | undefined;
    const watch = (limitMs: number): void => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => {
        if (!ended) end = hungEnd(check, performance.now() - startMs);
        child.kill('SIGKILL');
      }, limitMs);
    };
    watch(START_MS);
    child.on('message', (message) => {
      const news = message as News;
      if (news.kind === 'start') {
        ({ check } = news);
        startMs = performance.now();
        started(check);
        watch(news.budgetMs * GRACE_FACTOR + GRACE_MS);
      } else if (news.kind === 'finding') {
        check = undefined;
        found({ check: news.check, finding: news.finding, elapsedMs: news.elapsedMs });
        watch(START_MS);
      } else ended = true;
    });
    child.once('exit', (code, signal) => {
      clearTimeout(watchdog);
      if (!ended && end === undefined) {
        const elapsedMs = performance.now() - startMs;
        const how = signal === null ? `code ${code}` : signal;
        end = {
          check,
          verdict: 'failed',
          message: `the process that ran the check ended with ${how}: ${errors.trim()}`,
          elapsedMs,
        };
      }
      resolve(end);
    });
    child.send(order);
  });
}

function hungEnd(check: string | undefined, elapsedMs: number): BadEnd {
  const seconds = Math.round(elapsedMs / 1000);
  const message = `a call did not end: the check was stopped after ${seconds} s. The strategy waits for what nobody does, or loops`;
  return { check, verdict: 'hung', message, elapsedMs };
}
