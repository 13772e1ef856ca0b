// Times uncontended operations, and in turn with them the Atomics calls that they are made of.

import type { Strategy } from '@zsmalloc/core/strategy';
import { createAtomicsCalls } from './atomics-calls.ts';
import type { TimeResult, TimedBlocks } from './jobs.ts';
import { createMicroOperations } from './micro-operations.ts';
import type { MicroOperation } from './micro-operations.ts';

/** Operations in a block: about 50 µs, so that the two calls of the clock are below a thousandth. */
const TIMES = 1000;
/** Blocks that are run first and forgotten: the engine compiles meanwhile. */
const WARM_BLOCKS = 60;

class Stopwatch {
  readonly #operation: MicroOperation;
  readonly #ns: number[] = [];

  constructor(operation: MicroOperation) {
    this.#operation = operation;
  }

  block(kept: boolean): void {
    const start = performance.now();
    this.#operation.run(TIMES);
    const ms = performance.now() - start;
    if (kept) this.#ns.push((ms * 1e6) / TIMES);
  }

  result(): TimedBlocks {
    return { name: this.#operation.name, ns: this.#ns };
  }
}

/** Runs `blocks` blocks of everything, in turn, after a warm-up. */
export function runTiming(strategy: Strategy, blocks: number): TimeResult {
  const { operations, pool } = createMicroOperations(strategy);
  const watches = operations.map((operation) => new Stopwatch(operation));
  const atomics = createAtomicsCalls().map((operation) => new Stopwatch(operation));
  for (let block = -WARM_BLOCKS; block < blocks; block++) {
    for (const watch of watches) watch.block(block >= 0);
    for (const watch of atomics) watch.block(block >= 0);
  }
  pool.detach();
  return {
    strategyId: strategy.id,
    operations: watches.map((watch) => watch.result()),
    atomics: atomics.map((watch) => watch.result()),
  };
}
