// What reads cost under RCU: ns per read beside one Atomics.load and the unprotected read of the same bytes, and the
// number of Atomics calls per malloc, free and read. Run: node packages/lock-rcu/bench/read-cost.mjs
//
// The object is read as hot code would: readBegin, two bytes, readEnd. "Floor" is one Atomics.load of a cell and the
// same two bytes; "strategy" is the bound strategy's own readBegin and readEnd around the same, without the pool's decoding
// of the handle, which costs the same under every strategy. Rounds of 100 reads a turn; each figure is the best of 15.

import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { createPool } from '@zsmalloc/core';
import { strategyOf } from '@zsmalloc/core/strategy';
import { rcu, rcuSynchronize, rcuTurn, reclamationOf } from '../dist/index.js';

const READS_PER_TURN = 100;
const TURNS = 3000;
const REPEATS = 15;
const BYTES = 100;

const strategies = { rcu, rcuTurn, rcuSynchronize };
const [, script, id] = process.argv;
if (id === undefined) {
  console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0].model}`);
  // A process each: code that has met one strategy only is the normal case, and faster.
  for (const each of Object.keys(strategies)) execFileSync(process.execPath, [script, each], { stdio: 'inherit' });
} else {
  await readCost(strategies[id]);
  atomicsCalls(strategies[id]);
}

async function readCost(strategy) {
  const pool = createPool({ bytes: 2 ** 22, strategy, agents: 4 });
  const handle = pool.malloc(BYTES);
  pool.write(handle, new Uint8Array(BYTES).fill(7));
  const offset = pool.readBegin(handle);
  pool.readEnd(offset);
  const { bytes } = pool;
  const words = new Int32Array(bytes.buffer);
  const bound = strategyOf(pool);
  const cell = findCell(strategy);

  const floor = () => {
    let sum = 0;
    for (let i = 0; i < READS_PER_TURN; i++) {
      const location = Atomics.load(words, cell);
      sum += bytes[offset] + bytes[offset + 99] + (location & 1);
    }
    return sum;
  };
  const inStrategy = () => {
    let sum = 0;
    for (let i = 0; i < READS_PER_TURN; i++) {
      const location = bound.readBegin(cell);
      sum += bytes[offset] + bytes[offset + 99] + (location & 1);
      bound.readEnd(0);
    }
    return sum;
  };
  const inPool = () => {
    let sum = 0;
    for (let i = 0; i < READS_PER_TURN; i++) {
      const at = pool.readBegin(handle);
      sum += bytes[at] + bytes[at + 99];
      pool.readEnd(at);
    }
    return sum;
  };
  // Alternating, so that all three meet the same neighbours on the machine.
  const best = [Infinity, Infinity, Infinity];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const [i, run] of [floor, inStrategy, inPool].entries()) best[i] = Math.min(best[i], await nsPerRead(run));
  }
  const [a, b, c] = best;
  console.log(
    `${strategy.id}: floor ${a.toFixed(1)} ns, strategy ${b.toFixed(1)} ns (+${(b - a).toFixed(1)}), pool ${c.toFixed(1)} ns`,
  );
}

async function nsPerRead(run) {
  let spentMs = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    const startMs = performance.now();
    run();
    // The end of the turn is part of the price: the microtask that was asked for runs in here.
    await undefined;
    spentMs += performance.now() - startMs;
  }
  return (spentMs * 1e6) / (TURNS * READS_PER_TURN);
}

/** The cell of the first object of a pool: another pool of the same shape is asked, so that this one stays as it is. */
function findCell(strategy) {
  const pool = createPool({ bytes: 2 ** 22, strategy, agents: 4 });
  const bound = strategyOf(pool);
  const { readBegin } = bound;
  let found = 0;
  bound.readBegin = (cell) => readBegin.call(bound, (found = cell));
  pool.readEnd(pool.readBegin(pool.malloc(BYTES)));
  return found;
}

function atomicsCalls(strategy) {
  const pool = createPool({ bytes: 2 ** 22, strategy, agents: 4 });
  const OPERATIONS = 1000;
  const handles = Array.from({ length: OPERATIONS }, () => pool.malloc(BYTES));
  for (const handle of handles) pool.free(handle);
  reclamationOf(pool).synchronize();
  const real = globalThis.Atomics;
  let calls = 0;
  const counting = {};
  for (const name of Object.getOwnPropertyNames(real)) {
    if (typeof real[name] === 'function') counting[name] = (...args) => (calls++, real[name](...args));
  }
  globalThis.Atomics = counting;
  const count = (operation) => {
    calls = 0;
    for (let i = 0; i < OPERATIONS; i++) operation(i);
    return (calls / OPERATIONS).toFixed(2);
  };
  const malloc = count((i) => (handles[i] = pool.malloc(BYTES)));
  const read = count((i) => pool.readEnd(pool.readBegin(handles[i])));
  const free = count((i) => pool.free(handles[i]));
  globalThis.Atomics = real;
  console.log(`${strategy.id}: Atomics calls per malloc ${malloc}, read ${read}, free ${free}`);
}
