// The workloads that write and read: what they find is compared with what was written.

import { CheckError } from '../checks.ts';
import { INCREMENT, LINE_WORDS, MULTIPLIER, freeAll, keepSome } from './kernel.ts';
import type { GoalHeap, Kernel, KernelShare } from './kernel.ts';

/** Both cache workloads: they differ in who allocated the first object. */
export function cacheLines(heap: GoalHeap, { index, words }: KernelShare): Kernel {
  const source = new Uint8Array(8);
  const target = new Uint8Array(8);
  let handle = words[index * LINE_WORDS]!;
  words[index * LINE_WORDS] = 0;
  return {
    run() {
      for (let count = 0; count < 16; count++) {
        if (handle !== 0) heap.free(handle);
        handle = heap.malloc(8);
        for (let write = 1; write <= 100; write++) {
          source[0] = write;
          heap.write(handle, source);
        }
      }
      heap.readInto(handle, target);
      if (target[0] !== 100) throw new CheckError(`object ${handle} holds ${target[0]}, and 100 was written last.`);
      return 16;
    },
    end: () => freeAll(heap, [handle]),
  };
}

export function cycle(sizeBytes: number): (heap: GoalHeap, share: KernelShare) => Kernel {
  return (heap, { index }) => {
    const kept = keepSome(heap, sizeBytes);
    const source = new Uint8Array(sizeBytes).fill(index + 1);
    const target = new Uint8Array(sizeBytes);
    return {
      run() {
        for (let count = 0; count < 500; count++) {
          source[0] = count;
          source[sizeBytes - 1] = count + 1;
          const handle = heap.malloc(sizeBytes);
          heap.write(handle, source);
          heap.readInto(handle, target);
          heap.free(handle);
          if (target[0] !== (count & 255) || target[sizeBytes - 1] !== ((count + 1) & 255)) {
            throw new CheckError(`object ${handle} of ${sizeBytes} bytes is not what was written.`);
          }
        }
        return 500;
      },
      end: () => freeAll(heap, kept),
    };
  };
}

const ACCESSED = 256;

export function access(heap: GoalHeap, { index }: KernelShare): Kernel {
  const source = new Uint8Array(100).fill(index + 1);
  const target = new Uint8Array(100);
  const handles = Int32Array.from({ length: ACCESSED }, () => heap.malloc(100));
  for (const handle of handles) heap.write(handle, source);
  const written = new Uint8Array(ACCESSED).fill(index + 1);
  let random = index * 991 + 7;
  return {
    run() {
      let state = random;
      for (let count = 0; count < 1000; count++) {
        state = (Math.imul(state, MULTIPLIER) + INCREMENT) | 0;
        const read = (state >>> 8) & 255;
        heap.readInto(handles[read]!, target);
        if (target[0] !== written[read]) {
          throw new CheckError(`object ${handles[read]} holds ${target[0]}, and ${written[read]} was written last.`);
        }
        const write = (state >>> 16) & 255;
        source[0] = count;
        written[write] = count;
        heap.write(handles[write]!, source);
      }
      random = state;
      return 2000;
    },
    end: () => freeAll(heap, handles),
  };
}
