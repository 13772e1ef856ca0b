// What the kernels of @zsmalloc/wasm gain: a pool with them beside one without, in one process. Run after `npx tsc -b`, with
// other Node binaries to measure as arguments:
//
//   node bench/tools/wasm/measure.mjs [NODE ...]
//
// Each process runs blocks of both in turn, and takes the median of the ratios of neighbouring blocks; five processes a
// strategy and Node. What is compared is the public call as a user makes it. That both do the same is tested in packages/wasm.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createPool } from '../../../packages/core/dist/index.js';
import { bigReader, preemptibleDirect } from '../../../packages/lock-custom/dist/index.js';
import { spin } from '../../../packages/lock-spin/dist/index.js';
import { wasm } from '../../../packages/wasm/dist/index.js';

const SELF = fileURLToPath(import.meta.url);
const POOL_BYTES = 2 ** 24;
const STRATEGIES = { spin, preemptibleDirect, bigReader };
const PROCESSES = 5;
const BLOCKS = 300;
const WARM_BLOCKS = 60;
const OPERATIONS = 1000;

const median = (values) => values.toSorted((left, right) => left - right)[values.length >> 1];

/** Makes a loop of OPERATIONS operations on a pool, by name. */
const WORKS = {
  'malloc + free': (pool) => {
    for (let i = 0; i < 16; i++) pool.malloc(100);
    return () => {
      for (let count = 0; count < OPERATIONS; count++) pool.free(pool.malloc(100));
    };
  },
  'larson step': (pool) => {
    const slots = new Int32Array(1024);
    let state = 7;
    return () => {
      for (let count = 0; count < OPERATIONS; count++) {
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        const slot = (state >>> 10) & 1023;
        if (slots[slot] !== 0) pool.free(slots[slot]);
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        slots[slot] = pool.malloc(16 + ((state >>> 12) % 497));
      }
    };
  },
  'readBegin + readEnd': (pool) => {
    const handles = Array.from({ length: 64 }, () => pool.malloc(100));
    return () => {
      for (let count = 0; count < OPERATIONS; count++) pool.readEnd(pool.readBegin(handles[count & 63]));
    };
  },
  'readInto 100 B': (pool) => {
    const handles = Array.from({ length: 64 }, () => pool.malloc(100));
    const target = new Uint8Array(100);
    return () => {
      for (let count = 0; count < OPERATIONS; count++) pool.readInto(handles[count & 63], target);
    };
  },
  'write 100 B': (pool) => {
    const handles = Array.from({ length: 64 }, () => pool.malloc(100));
    const source = new Uint8Array(100);
    return () => {
      for (let count = 0; count < OPERATIONS; count++) pool.write(handles[count & 63], source);
    };
  },
  'malloc, write, readInto, free of 100 B': (pool) => {
    for (let i = 0; i < 16; i++) pool.malloc(100);
    const bytes = new Uint8Array(100);
    return () => {
      for (let count = 0; count < OPERATIONS; count++) {
        const handle = pool.malloc(100);
        pool.write(handle, bytes);
        pool.readInto(handle, bytes);
        pool.free(handle);
      }
    };
  },
};

/** Times of a block of each in turn, ns an operation; the median ratio of neighbours. */
function inTurn(script, compiled) {
  const ratios = [];
  const ns = [];
  for (let block = -WARM_BLOCKS; block < BLOCKS; block++) {
    const times = [script, compiled].map((run) => {
      const start = performance.now();
      run();
      return ((performance.now() - start) * 1e6) / OPERATIONS;
    });
    if (block < 0) continue;
    ratios.push(times[0] / times[1]);
    ns.push(times);
  }
  return { ratio: median(ratios), script: median(ns.map(([time]) => time)), wasm: median(ns.map(([, time]) => time)) };
}

function measureAll(strategy) {
  const found = {};
  for (const [name, work] of Object.entries(WORKS)) {
    const [script, compiled] = [{}, { kernels: wasm }].map((more) =>
      createPool({ bytes: POOL_BYTES, strategy, ...more }),
    );
    if (!compiled.runsKernels) throw new Error('this runtime compiles no WebAssembly');
    found[name] = inTurn(work(script), work(compiled));
    for (const pool of [script, compiled]) pool.verify();
  }
  return found;
}

function report(node, name) {
  const runs = Array.from({ length: PROCESSES }, () =>
    JSON.parse(execFileSync(node, [SELF, '--child', name], { encoding: 'utf8' })),
  );
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  console.log(
    `\n| ${name}, Node ${version}, ns | JavaScript | wasm | JavaScript / wasm | range of ${PROCESSES} processes |`,
  );
  console.log('|---|---:|---:|---:|---:|');
  for (const work of Object.keys(runs[0])) {
    const of = (key) => runs.map((found) => found[work][key]);
    const [script, compiled, ratio] = ['script', 'wasm', 'ratio'].map((key) => median(of(key)).toFixed(2));
    const range = `${Math.min(...of('ratio')).toFixed(2)} to ${Math.max(...of('ratio')).toFixed(2)}`;
    console.log(`| ${work} | ${script} | ${compiled} | ${ratio} | ${range} |`);
  }
}

if (process.argv[2] === '--child') console.log(JSON.stringify(measureAll(STRATEGIES[process.argv[3]])));
else {
  for (const node of [process.execPath, ...process.argv.slice(2)])
    for (const name of Object.keys(STRATEGIES)) report(node, name);
}
