// Works around an error of the explorer, and does nothing once that is mended.
//
// A thread that must be left while another body has been entered on top of it gets the park signal with no thread
// current. So its `finally` blocks change the memory for real: three threads that add to a word in `finally` add four
// times. While a body runs the memory has an observer; without one it is being left, and must do nothing more.

import { explore, ModelMemory } from '@zsmalloc/explorer';

/** What the explorer throws through a body to leave it: the one thing that is no Error. */
const parkSignal: unknown = catchParkSignal();

type Operations = Record<string, (...args: unknown[]) => unknown>;

const guards = new WeakMap<object, Operations>();

/** Runs a thread's body so that none of its `finally` blocks reaches the memory once it is being left. */
export function leaveCleanly<T>(memory: ModelMemory, body: () => T): T {
  const before = globalThis.Atomics;
  globalThis.Atomics = guarded(before as unknown as Operations, memory) as unknown as typeof Atomics;
  try {
    return body();
  } catch (error) {
    // A `finally` block may have put an error of its own in the place of the signal.
    throw memory.observer === null ? parkSignal : error;
  } finally {
    globalThis.Atomics = before;
  }
}

/** The operations, refused to a body that is being left. */
function guarded(operations: Operations, memory: ModelMemory): Operations {
  let guard = guards.get(operations);
  if (guard !== undefined) return guard;
  guard = Object.fromEntries(
    Object.entries(operations).map(([name, operation]) => [
      name,
      (...args: unknown[]) => {
        if (memory.observer === null) throw parkSignal;
        return operation(...args);
      },
    ]),
  );
  guards.set(operations, guard);
  // A body that is entered on top of another one finds the guard in place.
  guards.set(guard, guard);
  return guard;
}

function catchParkSignal(): unknown {
  let signal: unknown;
  const body = ({ memory }: { memory: ModelMemory }): void => {
    try {
      Atomics.add(memory.int32, 0, 1);
      Atomics.add(memory.int32, 0, 1);
    } catch (error) {
      if (!(error instanceof Error)) signal = error;
      throw error;
    }
  };
  explore({ memory: new ModelMemory(8), threads: [body, body] });
  return signal;
}
