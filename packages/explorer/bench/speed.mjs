// How many executions a second: three threads over a sleeping reader-writer lock, 25 operations per execution.
// Run on a quiet machine after a build: node packages/explorer/bench/speed.mjs [seconds]

import { cpus } from 'node:os';
import { explore, exploreAsync, ModelMemory } from '@zsmalloc/explorer';

const SECONDS = Number(process.argv[2] ?? 3);
const WRITER = 1;
const WAITERS = 2;
const READER = 8;

/** One word: bit 0 writer, bit 1 somebody sleeps, readers above. */
const lock = {
  park(words, seen) {
    let state = seen;
    if (!(state & WAITERS)) {
      if (Atomics.compareExchange(words, 0, state, state | WAITERS) !== state) return;
      state |= WAITERS;
    }
    Atomics.wait(words, 0, state);
  },
  read(words) {
    for (;;) {
      const state = Atomics.load(words, 0);
      if (state & (WRITER | WAITERS)) this.park(words, state);
      else if (Atomics.compareExchange(words, 0, state, state + READER) === state) break;
    }
    const value = words[4];
    if (Atomics.sub(words, 0, READER) === (READER | WAITERS)) {
      Atomics.and(words, 0, ~WAITERS);
      Atomics.notify(words, 0);
    }
    return value;
  },
  write(words) {
    for (;;) {
      const state = Atomics.load(words, 0);
      if (state & ~WAITERS) this.park(words, state);
      else if (Atomics.compareExchange(words, 0, state, state | WRITER) === state) break;
    }
    words[4]++;
    if (Atomics.and(words, 0, ~(WRITER | WAITERS)) & WAITERS) Atomics.notify(words, 0);
  },
};

function program(byteLength) {
  const reader = ({ memory }) => lock.read(memory.int32);
  return {
    memory: new ModelMemory(byteLength),
    threads: { first: reader, second: reader, writer: ({ memory }) => lock.write(memory.int32) },
    symmetric: [['first', 'second']],
    timeLimitMs: SECONDS * 1000,
  };
}

function show(name, { executions, pruned, operations, elapsedMs, verdict }) {
  const total = executions + pruned;
  const rate = Math.round((total / elapsedMs) * 1000);
  console.log(
    `${name}: ${rate} executions/s at ${(operations / total).toFixed(1)} operations each (${total}, ${verdict})`,
  );
}

/** Plain reads by a thread: each is checked and logged. */
function timeAccesses() {
  const PER_EXECUTION = 10_000;
  const memory = new ModelMemory(128 * 1024);
  const read = () => {
    let sum = 0;
    for (let i = 0; i < PER_EXECUTION; i++) sum += memory.int32[(i * 7) & 0x3fff];
    return sum;
  };
  const reads = explore({ memory, threads: [read], mode: 'random', maxExecutions: 200 });
  console.log(
    `plain read in a thread: ${((reads.elapsedMs / (reads.executions * PER_EXECUTION)) * 1e6).toFixed(0)} ns`,
  );
  const copy = () => void memory.uint8.copyWithin(0, 4096, 8192);
  const copies = explore({ memory, threads: [copy], mode: 'random', maxExecutions: 2000 });
  console.log(`copy of 4 KiB in a thread: ${((copies.elapsedMs / copies.executions) * 1e3).toFixed(0)} us`);
}

console.log(`Node ${process.version}, ${cpus()[0].model}`);
explore({ ...program(64), timeLimitMs: 500 }); // Warm-up.
show('exhaustive, 64 bytes', explore(program(64)));
show('exhaustive, 128 KiB', explore(program(128 * 1024)));
show('unreduced, 2 preemptions', explore({ ...program(64), preemptions: 2 }));
show('random', explore({ ...program(64), mode: 'random', maxExecutions: Infinity }));
show('async driver', await exploreAsync(program(64)));
timeAccesses();
