// Looks at, and steps into, the Atomics calls of one agent.

type Calls = Record<string, number>;

function withAtomics<T>(overrides: (name: string, real: Function | undefined) => unknown, run: () => T): T {
  const real = globalThis.Atomics;
  globalThis.Atomics = new Proxy(real, {
    get: (target, name) => overrides(String(name), Reflect.get(target, name) as Function | undefined),
  });
  try {
    return run();
  } finally {
    globalThis.Atomics = real;
  }
}

/** Runs `run` and returns how often it called each Atomics function. */
export function countAtomics(run: () => void): Calls {
  const calls: Calls = {};
  withAtomics((name, real) => {
    if (typeof real !== 'function') return real;
    return (...args: unknown[]): unknown => {
      calls[name] = (calls[name] ?? 0) + 1;
      return real.apply(Atomics, args);
    };
  }, run);
  return calls;
}

export function totalAtomics(run: () => void): number {
  return Object.values(countAtomics(run)).reduce((sum, count) => sum + count, 0);
}

/** Runs `run`; in its n-th spin round (from 0) calls `hook(n)`, which plays the other agents. */
export function duringPauses<T>(hook: (round: number) => void, run: () => T): T {
  let round = 0;
  return withAtomics((name, real) => (name === 'pause' ? () => hook(round++) : real), run);
}

/** Runs `run` and calls `hook`, which plays the other agents, before each of its calls of one Atomics function. */
export function beforeEachCall<T>(functionName: string, hook: () => void, run: () => T): T {
  return withAtomics((name, real) => {
    if (name !== functionName || typeof real !== 'function') return real;
    return (...args: unknown[]): unknown => {
      hook();
      return real.apply(Atomics, args);
    };
  }, run);
}
