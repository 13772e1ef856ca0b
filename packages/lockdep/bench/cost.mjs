// What lockdep costs: each strategy beside itself decorated, in one process and alternating, so that both meet the same
// neighbours on the machine. A process per strategy: code that has met few strategies is the normal case, and faster.
//
//   node packages/lockdep/bench/cost.mjs [operations per turn = 1000]
//
// Prints the median of the ratios of neighbouring rounds, and its 95 % interval (order statistics).

import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { createPool } from '@zsmalloc/core';
import * as custom from '@zsmalloc/lock-custom';
import * as rcus from '@zsmalloc/lock-rcu';
import * as rwsems from '@zsmalloc/lock-rwsem';
import * as spins from '@zsmalloc/lock-spin';
import { withLockdep } from '../dist/index.js';

const ROUNDS = 21;
const WARMUP_ROUNDS = 4;
const OPERATIONS_PER_ROUND = 50_000;
const OBJECTS = 64;
const BYTES = 100;

const names = [
  'bigLock',
  'spin',
  'preemptible',
  'preemptibleAtomic',
  'preemptibleDirect',
  'rwsem',
  'rcu',
  'rcuTurn',
  'rcuSynchronize',
];
const strategies = { ...spins, ...custom, ...rwsems, ...rcus };
const [, script, perTurnText = '1000', name] = process.argv;
const perTurn = Number(perTurnText);

if (name === undefined) {
  console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0].model}, ${perTurn} operations a turn\n`);
  console.log(row('strategy', 'operation', 'plain ns', 'lockdep ns', 'ratio', '95 % interval'));
  for (const each of names) execFileSync(process.execPath, [script, perTurnText, each], { stdio: 'inherit' });
} else {
  await compare(strategies[name]);
}

async function compare(strategy) {
  const plain = operations(createPool({ bytes: 2 ** 22, strategy, agents: 4 }));
  const checked = operations(createPool({ bytes: 2 ** 22, strategy: withLockdep(strategy), agents: 4 }));
  for (const operation of Object.keys(plain)) {
    const rounds = [];
    for (let round = -WARMUP_ROUNDS; round < ROUNDS; round++) {
      const first = round % 2 === 0;
      const a = await nsPerOperation(first ? plain[operation] : checked[operation]);
      const b = await nsPerOperation(first ? checked[operation] : plain[operation]);
      if (round >= 0) rounds.push(first ? [a, b] : [b, a]);
    }
    const ratios = rounds.map(([without, with_]) => with_ / without);
    const [low, high] = interval(ratios);
    console.log(
      row(
        name,
        operation,
        median(rounds.map(([ns]) => ns)).toFixed(0),
        median(rounds.map(([, ns]) => ns)).toFixed(0),
        median(ratios).toFixed(2),
        `${low.toFixed(2)} to ${high.toFixed(2)}`,
      ),
    );
  }
}

function operations(pool) {
  const handles = Array.from({ length: OBJECTS }, () => pool.malloc(BYTES));
  const bytes = new Uint8Array(BYTES).fill(7);
  for (const handle of handles) pool.write(handle, bytes);
  return {
    'readBegin, readEnd': (count) => {
      for (let i = 0; i < count; i++) pool.readEnd(pool.readBegin(handles[i % OBJECTS]));
    },
    write: (count) => {
      for (let i = 0; i < count; i++) pool.write(handles[i % OBJECTS], bytes);
    },
    'malloc, free': (count) => {
      for (let i = 0; i < count; i++) pool.free(pool.malloc(BYTES));
    },
  };
}

async function nsPerOperation(run) {
  // Processor time, not wall time: it does not count what other processes of the machine take.
  const start = process.cpuUsage();
  for (let done = 0; done < OPERATIONS_PER_ROUND; done += perTurn) {
    run(perTurn);
    // Lockdep's look at the end of the turn is part of its cost.
    await Promise.resolve();
  }
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1000) / OPERATIONS_PER_ROUND;
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** Ranks between which the median lies with 95 %: binomial, by its normal approximation. */
function interval(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = 0.98 * Math.sqrt(sorted.length);
  return [sorted[Math.floor(sorted.length / 2 - half)], sorted[Math.ceil(sorted.length / 2 + half) - 1]];
}

function row(...cells) {
  const widths = [18, 20, 9, 11, 6, 14];
  return cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' ');
}
