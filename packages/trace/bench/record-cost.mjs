// What recording costs: the same calls on a bare and on a recorded pool, in turn, in one process. Prints ns per call.
//
//   node packages/trace/bench/record-cost.mjs [rounds]

import { createPool } from '@zsmalloc/core';
import { preemptibleDirect } from '@zsmalloc/lock-custom';
import { mergeTrace, record, writeTrace } from '../dist/index.js';

const ROUNDS = Number(process.argv[2] ?? 15);
const OBJECTS = 1000;
const REPEATS = 40;
const SIZE = 100;
const source = new Uint8Array(SIZE).fill(5);

/** Mallocs, writes, reads four times, and frees; a fresh function for each pool, so that each is compiled for one class. */
const makeRun = new Function(
  'source',
  'SIZE',
  `return function run(pool, handles) {
    for (let i = 0; i < handles.length; i++) { handles[i] = pool.malloc(SIZE); pool.write(handles[i], source); }
    for (let times = 0; times < 4; times++) for (let i = 0; i < handles.length; i++) pool.readEnd(pool.readBegin(handles[i]));
    for (let i = 0; i < handles.length; i++) pool.free(handles[i]);
    return handles.length * 7;
  }`,
);

function measure(run, pool, handles) {
  const start = performance.now();
  let calls = 0;
  for (let repeat = 0; repeat < REPEATS; repeat++) calls += run(pool, handles);
  return ((performance.now() - start) * 1e6) / calls;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const bare = createPool({ bytes: 2 ** 22, strategy: preemptibleDirect });
const [runBare, runRecorded] = [makeRun(source, SIZE), makeRun(source, SIZE)];
const handles = new Array(OBJECTS).fill(0);
const results = { bare: [], recorded: [], ratio: [] };
let bytesPerCall = 0;
for (let round = -2; round < ROUNDS; round++) {
  const recorded = record(bare);
  const first = measure(runBare, bare, handles);
  const second = measure(runRecorded, recorded, handles);
  const part = recorded.recording.end();
  if (round === 0) {
    const trace = mergeTrace([part]);
    bytesPerCall = writeTrace(trace).length / trace.events.count;
  }
  if (round < 0) continue;
  results.bare.push(first);
  results.recorded.push(second);
  results.ratio.push(second / first);
}
console.log(`bare\t${median(results.bare).toFixed(1)} ns a call`);
console.log(`recorded\t${median(results.recorded).toFixed(1)} ns a call`);
console.log(`ratio\t${median(results.ratio).toFixed(2)}`);
console.log(`file\t${bytesPerCall.toFixed(2)} bytes a call`);
