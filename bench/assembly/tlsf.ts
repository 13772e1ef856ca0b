// The heap of AssemblyScript's runtime (TLSF) in a shared memory, for several instances: compiled by ../src/goals/wasm-heap.ts.
//
// The runtime itself is for one instance: each has a root of its own. Here the first instance makes the heap and tells the
// others its root. One mutex around it, in wasm too, as the runtime's authors would have to: three states, a bounded spin,
// then a futex wait. An instance that is alone has no mutex.

import { ROOT, __alloc, __free } from 'rt/tlsf';

/** A word of the mutex: below the heap, in memory that nothing else uses. */
const MUTEX: usize = 64;
const SPINS: i32 = 100;

function lock(): void {
  if (atomic.cmpxchg<i32>(MUTEX, 0, 1) == 0) return;
  for (let spin = 0; spin < SPINS; spin++) {
    if (atomic.load<i32>(MUTEX) == 0 && atomic.cmpxchg<i32>(MUTEX, 0, 1) == 0) return;
  }
  while (atomic.xchg<i32>(MUTEX, 2) != 0) atomic.wait<i32>(MUTEX, 2, -1);
}

function unlock(): void {
  if (atomic.xchg<i32>(MUTEX, 0) == 2) atomic.notify(MUTEX, 1);
}

/** Makes the heap, and returns its root for `attach`. */
export function create(): usize {
  __free(__alloc(16));
  return changetype<usize>(ROOT);
}

/** The type of the root is the runtime's own: it is taken from a value. */
function typedAs<T>(like: T, address: usize): T {
  return changetype<T>(address);
}

/** Uses the heap that another instance has made. */
export function attach(root: usize): void {
  // oxlint-disable-next-line no-import-assign -- AssemblyScript: the variable itself, not a binding.
  ROOT = typedAs(ROOT, root);
}

export function mallocAlone(bytes: i32): usize {
  return __alloc(bytes);
}

export function freeAlone(address: usize): void {
  __free(address);
}

export function malloc(bytes: i32): usize {
  lock();
  const address = __alloc(bytes);
  unlock();
  return address;
}

export function free(address: usize): void {
  lock();
  __free(address);
  unlock();
}
