// What a kernel of the goals is, and what all of them need.
//
// RULES
//   1. A kernel runs in batches of some thousand operations; nothing looks at a clock or a phase in between.
//   2. Sizes and slots that follow a curve come from tables that are made before: the curve is none of the allocator's.
//   3. A kernel frees its own objects when it ends; what lies in shared slots the main agent frees.

/** What a kernel needs of an allocator; a pool is one as it is. Handles are positive and below 2^31. */
export interface GoalHeap {
  malloc(sizeBytes: number): number;
  free(handle: number): void;
  write(handle: number, source: Uint8Array): void;
  readInto(handle: number, target: Uint8Array): number;
}

/** What agents of one cell share. */
export interface KernelShare {
  readonly index: number;
  readonly agents: number;
  /** Zero at first: slots of the shared workloads. */
  readonly words: Int32Array;
}

/** One agent's work. */
export interface Kernel {
  /** Runs one batch; returns its operations, 0 when it must wait for another agent. */
  run(): number;
  /** Frees the agent's objects. */
  end(): void;
}

/** Words of `KernelShare.words`. */
export const SHARED_WORDS: number = 2 ** 13;

/** Of the generator state * MULTIPLIER + INCREMENT, of which the upper bits are used; in the native program too. */
export const MULTIPLIER = 1664525;
export const INCREMENT = 1013904223;
/** Words of a cache line: what different agents poll lies so far apart. */
export const LINE_WORDS = 16;
const KEPT = 32;

/** Free slot lists of a class never run empty: sixteen of 32 objects stay, as they would in a program. */
export function keepSome(heap: GoalHeap, sizeBytes: number): number[] {
  const all = Array.from({ length: KEPT }, () => heap.malloc(sizeBytes));
  all.forEach((handle, index) => {
    if (index % 2 === 0) heap.free(handle);
  });
  return all.filter((_, index) => index % 2 === 1);
}

export function freeAll(heap: GoalHeap, handles: Int32Array | readonly number[]): void {
  for (const handle of handles) if (handle !== 0) heap.free(handle);
}
