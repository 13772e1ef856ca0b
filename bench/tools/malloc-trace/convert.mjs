// Makes a trace of what record.c has written.
//
//   node convert.mjs CALLS OUT.zstrace.gz [most calls] [calls to skip before]
//
// What is freed and was allocated before, in the calls skipped, is left out and counted.
//
// A malloc trace does not say when memory is read and written. Each object gets one write of all its bytes when it is
// allocated and one read before it is freed: the least that a program does with memory. A realloc that changes the size is
// a new object: malloc, write, read of the old one, free.

import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { OP, TraceBuilder, summarizeTrace, writeTrace } from '@zsmalloc/trace';

const RECORD_BYTES = 32;
const RECORD = { malloc: 1, free: 2, reallocBegin: 3, reallocEnd: 4 };
/** From here on glibc takes memory from the OS for each object: no work for an allocator. (M_MMAP_THRESHOLD) */
const SIZE_MAX = 128 * 1024;

const [source, target, most = '1e9', skip = '0'] = process.argv.slice(2);
const bytes = readFileSync(source);
const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
const builder = new TraceBuilder();
/** Objects by address; -1 for those that were left out. */
const live = new Map();
/** Objects inside a realloc, by thread. */
const moving = new Map();
/** Threads are numbered as they first allocate. */
const agents = new Map();
const counts = { calls: 0, large: 0, largeBytes: 0, empty: 0, foreign: 0, reallocs: 0 };
const firstNs = bytes.length < RECORD_BYTES ? 0n : view.getBigUint64(Number(skip) * RECORD_BYTES + 24, true);

function agentOf(thread) {
  if (!agents.has(thread)) agents.set(thread, agents.size);
  return agents.get(thread);
}

function allocate(agent, address, size) {
  if (size > SIZE_MAX) {
    counts.large++;
    counts.largeBytes += size;
    live.set(address, -1);
    return;
  }
  if (size === 0) counts.empty++;
  const object = builder.malloc(agent, Math.max(1, size));
  builder.add(OP.write, agent, object, Math.max(1, size), 0);
  live.set(address, object);
}

function release(agent, object) {
  if (object === undefined) counts.foreign++;
  if (object === undefined || object < 0) return;
  builder.add(OP.read, agent, object, 0, 0);
  builder.add(OP.free, agent, object, 0, 0);
}

for (
  let at = Number(skip) * RECORD_BYTES;
  at + RECORD_BYTES <= bytes.length && counts.calls < Number(most);
  at += RECORD_BYTES
) {
  const op = view.getUint32(at, true);
  const thread = view.getUint32(at + 4, true);
  const size = Number(view.getBigUint64(at + 8, true));
  const address = view.getBigUint64(at + 16, true);
  builder.setTime(Number((view.getBigUint64(at + 24, true) - firstNs) / 1000n));
  const agent = agentOf(thread);
  if (op !== RECORD.reallocBegin) counts.calls++;
  if (op === RECORD.malloc) allocate(agent, address, size);
  else if (op === RECORD.free) {
    release(agent, live.get(address));
    live.delete(address);
  } else if (op === RECORD.reallocBegin) {
    moving.set(thread, { address, object: live.get(address) });
    live.delete(address);
  } else {
    const old = moving.get(thread) ?? {};
    counts.reallocs++;
    const failed = address === 0n && size > 0;
    const same = old.object !== undefined && old.object >= 0 && builder.sizeOf(old.object) === size;
    if (failed || (same && address === old.address)) live.set(old.address, old.object);
    else {
      if (address !== 0n) allocate(agent, address, size);
      release(agent, old.object);
    }
  }
}

const names = [...agents.keys()].map((thread) => ({ name: `thread ${thread}`, lost: 0 }));
const trace = builder.finish({ objectBytesMax: 0, agents: names, dropped: counts.foreign });
const packed = gzipSync(writeTrace(trace), { level: 9 });
writeFileSync(target, packed);
const { sizeHistogram, ...rest } = summarizeTrace(trace);
console.log({ ...counts, packedBytes: packed.length, ...rest, sizeHistogram: sizeHistogram.join(' ') });
console.log('over 4096 bytes:', trace.sizes.filter((size) => size > 4096).length);
