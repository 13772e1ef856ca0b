// The Atomics calls to be timed by themselves: each method on an Int32Array over shared memory, as the library uses
// them.

import type { MicroOperation } from './micro-operations.ts';

const call = (name: string, run: (times: number) => void): MicroOperation => ({ name, run });

/** Methods that can be timed. Notify finds nobody waiting, as in an uncontended operation. */
export function createAtomicsCalls(): MicroOperation[] {
  const words = new Int32Array(new SharedArrayBuffer(4096));
  let sink = 0;
  return [
    call('load', (times) => {
      for (let count = 0; count < times; count++) sink = (sink + Atomics.load(words, 16)) | 0;
    }),
    call('store', (times) => {
      for (let count = 0; count < times; count++) Atomics.store(words, 32, count);
    }),
    call('add', (times) => {
      for (let count = 0; count < times; count++) Atomics.add(words, 48, 1);
    }),
    call('sub', (times) => {
      for (let count = 0; count < times; count++) Atomics.sub(words, 64, 1);
    }),
    call('and', (times) => {
      for (let count = 0; count < times; count++) Atomics.and(words, 80, -1);
    }),
    call('or', (times) => {
      for (let count = 0; count < times; count++) Atomics.or(words, 96, 1);
    }),
    call('xor', (times) => {
      for (let count = 0; count < times; count++) Atomics.xor(words, 112, 1);
    }),
    call('exchange', (times) => {
      for (let count = 0; count < times; count++) Atomics.exchange(words, 128, count);
    }),
    call('compareExchange', (times) => {
      for (let count = 0; count < times; count++) Atomics.compareExchange(words, 144, count & 1, ~count & 1);
    }),
    call('notify', (times) => {
      for (let count = 0; count < times; count++) Atomics.notify(words, 160, 1);
    }),
  ];
}
