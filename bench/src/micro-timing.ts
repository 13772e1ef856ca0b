// Times uncontended operations, and in turn with them the Atomics calls that they are made of.

import type { MicroOperation } from './micro-operations.ts';

/** Operations in a block: about 50 µs, so that the two calls of the clock are below a thousandth. */
const TIMES = 1000;
/** Blocks that are run first and forgotten: the engine compiles meanwhile. */
const WARM_BLOCKS = 40;

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

  result(): readonly number[] {
    return this.#ns;
  }
}

/** Nanoseconds of one operation, block by block; blocks with the same number ran in turn. By name. */
export type TimedBlocks = ReadonlyMap<string, readonly number[]>;

/** Runs `blocks` blocks of everything, in turn, after a warm-up. */
export function timeInTurn(operations: readonly MicroOperation[], blocks: number): TimedBlocks {
  const watches = operations.map((operation) => new Stopwatch(operation));
  for (let block = -WARM_BLOCKS; block < blocks; block++) for (const watch of watches) watch.block(block >= 0);
  return new Map(operations.map(({ name }, index) => [name, watches[index]!.result()]));
}
