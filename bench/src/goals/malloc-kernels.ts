// The workloads of malloc and free alone: tight loops, because one operation takes a few nanoseconds.

import { INCREMENT, LINE_WORDS, MULTIPLIER, freeAll, keepSome } from './kernel.ts';
import type { GoalHeap, Kernel, KernelShare } from './kernel.ts';

export function pair(heap: GoalHeap): Kernel {
  const kept = keepSome(heap, 100);
  return {
    run() {
      for (let count = 0; count < 2000; count++) heap.free(heap.malloc(100));
      return 4000;
    },
    end: () => freeAll(heap, kept),
  };
}

export function larson(heap: GoalHeap, { index }: KernelShare): Kernel {
  const slots = new Int32Array(1024);
  let random = index * 991 + 7;
  return {
    run() {
      let operations = 0;
      let state = random;
      for (let count = 0; count < 2000; count++) {
        state = (Math.imul(state, MULTIPLIER) + INCREMENT) | 0;
        const slot = (state >>> 10) & 1023;
        if (slots[slot] !== 0) {
          heap.free(slots[slot]!);
          operations++;
        }
        state = (Math.imul(state, MULTIPLIER) + INCREMENT) | 0;
        slots[slot] = heap.malloc(16 + ((state >>> 12) % 497));
      }
      random = state;
      return operations + 2000;
    },
    end: () => freeAll(heap, slots),
  };
}

export function larsonShared(heap: GoalHeap, { index, words }: KernelShare): Kernel {
  let random = index * 991 + 7;
  return {
    run() {
      let operations = 0;
      let state = random;
      for (let count = 0; count < 2000; count++) {
        state = (Math.imul(state, MULTIPLIER) + INCREMENT) | 0;
        const slot = (state >>> 8) & 4095;
        state = (Math.imul(state, MULTIPLIER) + INCREMENT) | 0;
        // order: acquire and release, pairs with itself in the other agents. Who takes a handle out may free it.
        const old = Atomics.exchange(words, slot, heap.malloc(16 + ((state >>> 12) % 497)));
        if (old !== 0) {
          heap.free(old);
          operations++;
        }
      }
      random = state;
      return operations + 2000;
    },
    end: () => {},
  };
}

const RING = 2048;
/** Words behind the ring: how many handles were put in, and how many taken out. */
export const RING_COUNTERS: number = RING;
const RING_BATCH = 64;
const RINGS_PER_RUN = 32;
/** A ring from one producer (index 0) to one consumer (index 1), which publish 64 handles at a time. */
export function xmallocTest(heap: GoalHeap, { index, words }: KernelShare): Kernel {
  const [put, taken] = [RING_COUNTERS, RING_COUNTERS + LINE_WORDS];
  let random = index * 991 + 7;
  let mine = 0;
  const produce = (): number => {
    // order: acquire, pairs with the consumer's store. The slots are empty.
    if (((mine - Atomics.load(words, taken)) | 0) > RING - RING_BATCH) return 0;
    let state = random;
    for (let count = 0; count < RING_BATCH; count++) {
      state = (Math.imul(state, MULTIPLIER) + INCREMENT) | 0;
      words[(mine + count) & (RING - 1)] = heap.malloc(8 + ((state >>> 12) % 249));
    }
    random = state;
    mine = (mine + RING_BATCH) | 0;
    // order: release, pairs with the consumer's load.
    Atomics.store(words, put, mine);
    return RING_BATCH;
  };
  const consume = (): number => {
    // order: acquire, pairs with the producer's store. The handles are there.
    if (Atomics.load(words, put) === mine) return 0;
    for (let count = 0; count < RING_BATCH; count++) {
      const slot = (mine + count) & (RING - 1);
      heap.free(words[slot]!);
      words[slot] = 0;
    }
    mine = (mine + RING_BATCH) | 0;
    // order: release, pairs with the producer's load.
    Atomics.store(words, taken, mine);
    return RING_BATCH;
  };
  const step = index % 2 === 0 ? produce : consume;
  const run = (): number => {
    let operations = 0;
    for (let count = 0; count < RINGS_PER_RUN; count++) operations += step();
    return operations;
  };
  return { run, end: () => {} };
}

const CURVE = 4096;

/** 8 to 4000 bytes, half of them below 38. */
function heavyTailedSizes(): Int32Array {
  return Int32Array.from({ length: CURVE }, (_, at) => Math.min(4000, Math.floor(8 * 2 ** (9 * (at / CURVE) ** 2))));
}

/** Slots below 2048, some again and again. */
function heavyTailedSlots(): Int32Array {
  return Int32Array.from({ length: CURVE }, (_, at) => Math.floor(2048 * (at / CURVE) ** 3));
}

export function allocTest(heap: GoalHeap, { index }: KernelShare): Kernel {
  const slots = new Int32Array(2048);
  const sizeAt = heavyTailedSizes();
  const slotAt = heavyTailedSlots();
  let random = index * 991 + 7;
  return {
    run() {
      let state = random;
      for (let count = 0; count < 4000; count++) {
        state = (Math.imul(state, MULTIPLIER) + INCREMENT) | 0;
        const slot = slotAt[state >>> 20]!;
        const handle = slots[slot]!;
        if (handle !== 0) {
          heap.free(handle);
          slots[slot] = 0;
        } else {
          state = (Math.imul(state, MULTIPLIER) + INCREMENT) | 0;
          slots[slot] = heap.malloc(sizeAt[state >>> 20]!);
        }
      }
      random = state;
      return 4000;
    },
    end: () => freeAll(heap, slots),
  };
}

export function mstress(heap: GoalHeap, { index, words }: KernelShare): Kernel {
  const slots = new Int32Array(1000);
  const sizeAt = heavyTailedSizes();
  let random = index * 991 + 7;
  return {
    run() {
      let operations = 0;
      let state = random;
      for (let count = 0; count < 8000; count++) {
        state = (Math.imul(state, MULTIPLIER) + INCREMENT) | 0;
        const slot = (state >>> 8) % 1000;
        const handle = slots[slot]!;
        const dice = state >>> 30;
        if (dice === 0) {
          state = (Math.imul(state, MULTIPLIER) + INCREMENT) | 0;
          // order: acquire and release, pairs with itself in the other agents.
          slots[slot] = Atomics.exchange(words, (state >>> 8) % 1000, handle);
        } else if (handle === 0) {
          state = (Math.imul(state, MULTIPLIER) + INCREMENT) | 0;
          slots[slot] = heap.malloc(sizeAt[state >>> 20]!);
          operations++;
        } else if (dice === 1) {
          heap.free(handle);
          slots[slot] = 0;
          operations++;
        }
      }
      for (let slot = 0; slot < 1000; slot++) {
        if (slot % 8 === 0 || slots[slot] === 0) continue;
        heap.free(slots[slot]!);
        slots[slot] = 0;
        operations++;
      }
      random = state;
      return operations;
    },
    end: () => freeAll(heap, slots),
  };
}
