// Does a hot path gain from wasm? The kernels of ../../assembly/kernels.ts beside the built JavaScript, on one pool whose
// buffer is a shared WebAssembly.Memory. Run after `npx tsc -b`, with other Node binaries to measure as arguments:
//
//   node bench/tools/wasm/measure.mjs [NODE ...]
//
// Each process runs blocks of both in turn, and takes the median of the ratios of neighbouring blocks; five processes a
// Node. What is compared is a whole call as a user makes it: the checks in front, the call into wasm, and the steps that
// stay in JavaScript. Before, both do the same
// 50,000 steps on twin pools, whose words must come out the same; the pool verifies itself at the end.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { attachPool, createPool } from '../../../packages/core/dist/index.js';
import { GROUPS_WITH_ROOM } from '../../../packages/core/dist/fullness.js';
import { KEEP_CELLS_MAX } from '../../../packages/core/dist/handles.js';
import { AGENT, CLASS, HEADER, ZSPAGE } from '../../../packages/core/dist/layout/records.js';
import { spin } from '../../../packages/lock-spin/dist/index.js';
import { compileAssembly } from '../../dist/goals/assembly.js';

const SELF = fileURLToPath(import.meta.url);
const POOL_BYTES = 2 ** 24;
/** Pages at the end of the pool that these workloads never reach: tables of the kernels. */
const TABLES_AT = POOL_BYTES - 2 ** 17;
const PROCESSES = 5;
const BLOCKS = 300;
const WARM_BLOCKS = 60;

const median = (values) => values.toSorted((left, right) => left - right)[values.length >> 1];

/** A pool in a wasm memory, and the kernels on it. */
async function openKernels() {
  const pages = POOL_BYTES / 2 ** 16;
  const source = readFileSync(new URL('../../assembly/kernels.ts', import.meta.url), 'utf8');
  const module = await compileAssembly(source, pages, POOL_BYTES - 4096, 'stub');
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const first = createPool({ bytes: POOL_BYTES, strategy: spin });
  const descriptor = first.descriptor();
  first.detach();
  new Uint8Array(memory.buffer).set(new Uint8Array(descriptor.buffer));
  // The same bytes, so the same key: what both do to their words can be compared.
  const twin = attachPool(descriptor, { strategies: [spin] });
  const pool = attachPool({ ...descriptor, buffer: memory.buffer }, { strategies: [spin] });
  const { state, objects, handles } = pool;
  const env = {
    memory,
    abort: () => {
      throw new Error('a kernel gave up');
    },
    regroup: (ordinal, zspage) => objects.regroup(ordinal, zspage),
    giveBack: (base) => handles.giveBack(base >>> 2, KEEP_CELLS_MAX / 2),
    unlockSlow: () => {
      throw new Error('another agent is here');
    },
  };
  const kernels = new WebAssembly.Instance(module, { env }).exports;
  kernels.setup(writeTables(memory, state));
  return { pool, twin, kernels, words: state.words, result: (TABLES_AT + 1024) >>> 2 };
}

/** Tables of classes and the words of `setup`. */
function writeTables(memory, { plan, tables, key, agent, record }) {
  const bytes = new Uint8Array(memory.buffer);
  let at = TABLES_AT + 2048;
  const put = (table) => {
    const place = at;
    bytes.set(new Uint8Array(table.buffer, table.byteOffset, table.byteLength), place);
    at = (at + table.byteLength + 7) & ~7;
    return place;
  };
  const [ofRequest, sizes, groups, groupBase] = [
    tables.ofRequest,
    tables.sizeBytes,
    tables.groups,
    tables.groupBase,
  ].map(put);
  const wordsOf = (...indexes) => indexes.map((index) => index * 4);
  const { groupMask, groupHeads, inuse, bytesLow, cellHead, cellTail, cellCount, pending } = CLASS.at;
  const { alarm } = HEADER.at;
  const { lookup, reads, lastMalloc } = AGENT.at;
  const own = [lookup, reads, lastMalloc].map((word) => record + word);
  const setup = [agent.index, key].concat(
    wordsOf(alarm, plan.poolBase, plan.lockBase, plan.classBase, plan.pageBase, plan.zspageBase, plan.zspageStride),
    wordsOf(plan.zspageCore, plan.directoryBase),
    [plan.indexBits, 2 ** plan.cellBits - 1, plan.shape.classes.length - 1],
    wordsOf(...own),
    [ofRequest, sizes, groups, groupBase, TABLES_AT + 1024],
    wordsOf(groupMask, groupHeads, inuse, bytesLow, cellHead, cellTail, cellCount, pending),
    wordsOf(ZSPAGE.at.usage, ZSPAGE.at.freeHead),
    [KEEP_CELLS_MAX, GROUPS_WITH_ROOM],
  );
  new Int32Array(memory.buffer, TABLES_AT, setup.length).set(setup);
  return TABLES_AT;
}

/** Times of a block of each, in turn; the median ratio of neighbours, JavaScript over wasm. */
function inTurn(script, wasm, operations) {
  const ratios = [];
  const ns = [];
  for (let block = -WARM_BLOCKS; block < BLOCKS; block++) {
    const times = [script, wasm].map((run) => {
      const start = performance.now();
      run();
      return ((performance.now() - start) * 1e6) / operations;
    });
    if (block < 0) continue;
    ratios.push(times[0] / times[1]);
    ns.push(times);
  }
  return { ratio: median(ratios), script: median(ns.map(([time]) => time)), wasm: median(ns.map(([, time]) => time)) };
}

/** The public calls with kernels inside: what the packages would do. */
function wasmCalls({ pool, kernels, words, result }) {
  const { allocate, release, readBegin, readEnd } = kernels;
  const { place } = pool.access;
  const emptyZspages = pool.state.record + AGENT.at.emptyZspages;
  const calls = { fallbacks: 0 };
  calls.malloc = (sizeBytes) => {
    const handle = allocate(sizeBytes);
    if (handle > 0) return handle;
    calls.fallbacks++;
    return pool.malloc(sizeBytes);
  };
  calls.free = (handle) => {
    if ((handle | 0) !== handle || release(handle) !== 0) {
      calls.fallbacks++;
      pool.free(handle);
    } else if (words[emptyZspages] !== 0) pool.objects.releaseReclaimed();
  };
  calls.readBegin = (handle) => {
    const offset = (handle | 0) === handle ? readBegin(handle) : -1;
    if (offset < 0) {
      calls.fallbacks++;
      return pool.readBegin(handle);
    }
    place.offset = offset;
    place.length = words[result];
    place.firstBytes = words[result + 1];
    place.secondOffset = words[result + 2];
    place.isTorn = false;
    place.open++;
    return offset;
  };
  calls.readEnd = (offset) => {
    if (readEnd(offset) === 0) place.open--;
    else pool.readEnd(offset);
  };
  return calls;
}

const DIFFERENTIAL_STEPS = 50_000;

/** The same steps by kernels on one pool and by JavaScript on its twin: handles, offsets and all words must be the same. */
function compareWithTwin({ pool, twin }, calls) {
  const slots = new Int32Array(512);
  let state = 11;
  for (let step = 0; step < DIFFERENTIAL_STEPS; step++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const slot = (state >>> 10) & 511;
    if (slots[slot] === 0) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      const sizeBytes = 1 + ((state >>> 8) & 4095);
      const [handle, other] = [calls.malloc(sizeBytes), twin.malloc(sizeBytes)];
      if (handle !== other) throw new Error(`step ${step}: handle ${handle}, the twin ${other}`);
      slots[slot] = handle;
    } else if ((state & 0x80000000) === 0) {
      calls.free(slots[slot]);
      twin.free(slots[slot]);
      slots[slot] = 0;
    } else {
      const [offset, other] = [calls.readBegin(slots[slot]), twin.readBegin(slots[slot])];
      const found = [offset, pool.readLength, pool.readFirstBytes].join();
      const expected = [other, twin.readLength, twin.readFirstBytes].join();
      if (found !== expected) throw new Error(`step ${step}: read at ${found}, the twin at ${expected}`);
      calls.readEnd(offset);
      twin.readEnd(other);
    }
  }
  const [words, others] = [pool, twin].map(({ bytes }) => new Int32Array(bytes.buffer, 0, TABLES_AT / 4));
  const differing = words.findIndex((word, index) => word !== others[index]);
  if (differing >= 0) throw new Error(`word ${differing}: ${words[differing]}, the twin ${others[differing]}`);
  for (const handle of slots) if (handle !== 0) pool.free(handle);
  pool.verify();
}

function measurePair(pool, calls) {
  const kept = Array.from({ length: 16 }, () => pool.malloc(100));
  const loop = (own) => () => {
    for (let count = 0; count < 1000; count++) own.free(own.malloc(100));
  };
  const found = inTurn(loop(pool), loop(calls), 1000);
  for (const handle of kept) pool.free(handle);
  return found;
}

function measureLarson(pool, calls) {
  const slots = new Int32Array(1024);
  let state = 7;
  const loop = (own) => () => {
    for (let count = 0; count < 1000; count++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      const slot = (state >>> 10) & 1023;
      if (slots[slot] !== 0) own.free(slots[slot]);
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      slots[slot] = own.malloc(16 + ((state >>> 12) % 497));
    }
  };
  const found = inTurn(loop(pool), loop(calls), 1000);
  for (const handle of slots) if (handle !== 0) pool.free(handle);
  return found;
}

function measureRead(pool, calls) {
  const handles = Array.from({ length: 64 }, () => pool.malloc(100));
  const loop = (own) => () => {
    for (let count = 0; count < 1000; count++) own.readEnd(own.readBegin(handles[count & 63]));
  };
  const found = inTurn(loop(pool), loop(calls), 1000);
  for (const handle of handles) pool.free(handle);
  return found;
}

/** Compaction of sparse zspages, with SlotMover.copy as it is and as a kernel. */
function measureCompact(pool, kernels, sizeBytes) {
  const { slots } = pool.compactor;
  const script = Object.getPrototypeOf(slots).copy;
  const count = Math.floor(2 ** 21 / sizeBytes);
  const rounds = 24;
  const times = { script: [], wasm: [] };
  for (let round = 0; round < 2 * rounds; round++) {
    const side = round % 2 === 0 ? 'script' : 'wasm';
    const source = new Uint8Array(sizeBytes).fill(round + 1);
    const handles = Array.from({ length: count }, () => pool.malloc(sizeBytes));
    for (const handle of handles) pool.write(handle, source);
    handles.forEach((handle, index) => {
      if (index % 4 !== 0) pool.free(handle);
    });
    slots.copy = side === 'script' ? script : (from, to, size) => kernels.copy(from, to, size);
    const start = performance.now();
    const { movedBytes } = pool.compact();
    times[side].push(((performance.now() - start) * 1e6) / movedBytes);
    const target = new Uint8Array(sizeBytes);
    handles.forEach((handle, index) => {
      if (index % 4 !== 0) return;
      pool.readInto(handle, target);
      if (target.some((byte) => byte !== ((round + 1) & 255))) throw new Error('an object was moved wrongly');
      pool.free(handle);
    });
  }
  const late = Object.fromEntries(Object.entries(times).map(([side, values]) => [side, values.slice(rounds / 3)]));
  const ratios = late.script.map((time, index) => time / late.wasm[index]);
  return { ratio: median(ratios), script: median(late.script), wasm: median(late.wasm) };
}

async function measureAll() {
  const found = {};
  const opened = await openKernels();
  const { pool, kernels } = opened;
  const calls = wasmCalls(opened);
  compareWithTwin(opened, calls);
  calls.fallbacks = 0;
  found['malloc + free, ns'] = measurePair(pool, calls);
  found['larson step, ns'] = measureLarson(pool, calls);
  found['readBegin + readEnd, ns'] = measureRead(pool, calls);
  for (const sizeBytes of [32, 100, 500, 2000]) {
    found[`compact of ${sizeBytes} B, ns a byte`] = measureCompact(pool, kernels, sizeBytes);
  }
  pool.verify();
  if (pool.stats().objects !== 0) throw new Error(`${pool.stats().objects} objects are left`);
  return { found, fallbacks: calls.fallbacks };
}

function report(node) {
  const runs = Array.from({ length: PROCESSES }, () =>
    JSON.parse(execFileSync(node, [SELF, '--child'], { encoding: 'utf8' })),
  );
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  console.log(`\n| Node ${version} | JavaScript | wasm | JavaScript / wasm | range of ${PROCESSES} processes |`);
  console.log('|---|---:|---:|---:|---:|');
  for (const name of Object.keys(runs[0].found)) {
    const of = (key) => runs.map(({ found }) => found[name][key]);
    const [script, wasm, ratio] = ['script', 'wasm', 'ratio'].map((key) => median(of(key)).toFixed(2));
    const range = `${Math.min(...of('ratio')).toFixed(2)} to ${Math.max(...of('ratio')).toFixed(2)}`;
    console.log(`| ${name} | ${script} | ${wasm} | ${ratio} | ${range} |`);
  }
  console.log(`\nCalls that the kernels left to JavaScript: ${runs.map(({ fallbacks }) => fallbacks).join(', ')}`);
}

if (process.argv[2] === '--child') console.log(JSON.stringify(await measureAll()));
else for (const node of [process.execPath, ...process.argv.slice(2)]) report(node);
