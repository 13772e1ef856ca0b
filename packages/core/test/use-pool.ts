// Pools for tests: each call of a pool is followed by a look at the locks, each test by verify().

import { afterEach, expect } from 'vitest';
import type { HoldingPool } from '../src/api.ts';
import { openPool } from '../src/create.ts';
import { ZsmallocError } from '../src/errors.ts';
import type { ErrorCode } from '../src/errors.ts';
import { allocateMemory, formatMemory } from '../src/format.ts';
import { planPool } from '../src/layout/plan.ts';
import type { PoolPlan } from '../src/layout/plan.ts';
import { CLASS, PAGE, ZSPAGE } from '../src/layout/records.ts';
import { poolShape } from '../src/options.ts';
import { classOfRequest } from '../src/size-class.ts';
import type { SizeClass } from '../src/size-class.ts';
import type { Words } from '../src/words/agent.ts';
import { soloStrategy } from './solo-strategy.ts';
import type { Ledger, SoloStrategy } from './solo-strategy.ts';

export interface TestPoolOptions {
  readonly bytes?: number;
  /** Pages behind the tables, instead of `bytes`. */
  readonly dataPages?: number;
  readonly pageBytes?: number;
  readonly chainPages?: number;
  readonly classStepBytes?: number;
  readonly agents?: number;
  readonly compactAbove?: number;
  readonly caches?: boolean | { readonly bytes: number };
  readonly poolLock?: boolean;
  readonly holdAcrossAwait?: boolean;
  /** Key of the handles, instead of a random one. */
  readonly key?: number;
}

/** A pool, and what is behind it. */
export interface TestPool {
  readonly pool: HoldingPool;
  readonly plan: PoolPlan;
  readonly words: Words;
  readonly strategy: SoloStrategy;
  readonly ledger: Ledger;
  readonly key: number;
}

/** Any key with bits all over: handles then look nothing like cell numbers. */
const TEST_KEY = 0x2a5a_5a5b;

const open: TestPool[] = [];

afterEach(() => {
  for (const { pool } of open.splice(0)) pool.verify();
});

/** Attaches one more agent to the memory of a pool. */
export function attachTo({ plan, strategy, pool }: TestPool): HoldingPool {
  const { buffer } = pool.descriptor();
  const memory = {
    buffer,
    words: new Int32Array(buffer),
    bytes: new Uint8Array(buffer),
    view: (at: number, length: number) => new Uint8Array(buffer, at, length),
  };
  return watched(openPool(memory, plan, strategy), strategy.ledgers.at(-1)!);
}

/** A pool that is verified when the test ends. */
export function usePool(options: TestPoolOptions = {}): TestPool {
  const made = makePool(options);
  open.push(made);
  return made;
}

/** A pool that the test corrupts: nobody verifies it. */
export function makePool(options: TestPoolOptions = {}): TestPool {
  const { dataPages, key = TEST_KEY, poolLock = true, holdAcrossAwait = true, ...shape } = options;
  const strategy = soloStrategy({ poolLock, holdAcrossAwait });
  const bytes = dataPages === undefined ? (options.bytes ?? 2 ** 20) : bytesFor(dataPages, shape);
  const plan = planPool(poolShape({ ...shape, bytes, strategy }));
  const memory = allocateMemory(plan);
  formatMemory(memory, plan, strategy, options.compactAbove ?? 0, key);
  const opened = openPool(memory, plan, strategy);
  const ledger = strategy.ledgers[0]!;
  return { pool: watched(opened, ledger), plan, words: memory.words, strategy, ledger, key };
}

/** Bytes of a pool with so many pages behind its tables. */
export function bytesFor(
  dataPages: number,
  shape: Pick<TestPoolOptions, 'pageBytes' | 'chainPages' | 'classStepBytes' | 'agents' | 'caches'> = {},
): number {
  const pageBytes = shape.pageBytes ?? 4096;
  const strategy = soloStrategy();
  for (let pages = dataPages + 1; ; pages++) {
    try {
      const plan = planPool(poolShape({ ...shape, bytes: pages * pageBytes, strategy }));
      if (plan.pages - plan.firstPage >= dataPages) return pages * pageBytes;
    } catch (error) {
      if ((error as ZsmallocError).code !== 'ERR_ZS_OPTION') throw error;
    }
  }
}

/** Checks after each call that the agent holds nothing but its open reads, whether the call returned or threw. */
function watched(target: HoldingPool, ledger: Ledger): HoldingPool {
  let reads = 0;
  const settled = (call: string): void => ledger.expectIdle(reads, call);
  const wrap =
    (name: string, method: (...args: never[]) => unknown) =>
    (...args: never[]): unknown => {
      if (name === 'read') return watchedRead(method as never, args as never);
      if (name === 'holdAsync') return (method.apply(target, args) as Promise<Disposable>).then(counted);
      try {
        const result = method.apply(target, name === 'readAsync' ? watchedArgs(args) : args);
        if (name === 'readBegin') reads++;
        if (name === 'readEnd') reads--;
        if (name === 'hold') return counted(result as Disposable);
        return result instanceof Promise ? result.finally(() => settled(name)) : result;
      } finally {
        settled(name);
      }
    };
  const counted = <T extends Disposable>(hold: T): T => {
    reads++;
    let held = true;
    const release = (): void => {
      (hold as unknown as { release(): void }).release();
      if (held) reads--;
      held = false;
      settled('release');
    };
    return { ...hold, release, [Symbol.dispose]: release };
  };
  /** The arguments of readAsync, with a callback that counts as an open read while it runs. */
  const watchedArgs = (args: never[]): never[] => {
    const [handle, use] = args as unknown as [number, (bytes: Uint8Array) => unknown];
    const watchedUse = (bytes: Uint8Array): unknown => {
      reads++;
      try {
        return use(bytes);
      } finally {
        reads--;
      }
    };
    return [handle, watchedUse] as never[];
  };
  const watchedRead = (
    read: (handle: number, use: (bytes: Uint8Array) => unknown) => unknown,
    [handle, use]: [number, (bytes: Uint8Array) => unknown],
  ): unknown => {
    let inside = false;
    try {
      return read.call(target, handle, (bytes) => {
        inside = true;
        reads++;
        settled('the start of read');
        return use(bytes);
      });
    } finally {
      if (inside) reads--;
      settled('read');
    }
  };
  // By method, not by name: a test may replace a call.
  const wrappers = new Map<unknown, unknown>();
  return new Proxy(target, {
    get(_, property) {
      const value = Reflect.get(target, property, target) as unknown;
      if (typeof value !== 'function') return value;
      let wrapper = wrappers.get(value);
      if (wrapper === undefined) wrappers.set(value, (wrapper = wrap(String(property), value as never)));
      return wrapper;
    },
  });
}

/** Codes that some test of the file has seen. */
export const codesSeen: Set<ErrorCode> = new Set();

/** Expects a call to throw an error of the project, and returns it. */
export function refusal(call: () => unknown, code: ErrorCode): ZsmallocError {
  try {
    call();
  } catch (error) {
    return expectError(error, code);
  }
  throw new Error(`expected ${code}, but the call returned`);
}

/** Like `refusal`, for a promise. */
export async function refusalOf(promise: Promise<unknown>, code: ErrorCode): Promise<ZsmallocError> {
  try {
    await promise;
  } catch (error) {
    return expectError(error, code);
  }
  throw new Error(`expected ${code}, but the promise resolved`);
}

function expectError(error: unknown, code: ErrorCode): ZsmallocError {
  if (!(error instanceof ZsmallocError)) throw error;
  expect(error.code, error.message).toBe(code);
  expect(error.message.endsWith(`[${code}]`), `the code ends the message: ${error.message}`).toBe(true);
  codesSeen.add(code);
  return error;
}

export function classFor({ plan }: TestPool, sizeBytes: number): SizeClass {
  return plan.shape.classes[classOfRequest(plan.shape, sizeBytes)]!;
}

/** Pages behind the tables of a pool. */
export function dataPagesOf({ plan }: TestPool): number {
  return plan.pages - plan.firstPage;
}

/** Word of a class record's field. */
export function classField({ plan }: TestPool, ordinal: number, field: keyof typeof CLASS.at): number {
  return plan.classBase + ordinal * CLASS.words + CLASS.at[field];
}

/** Word of a zspage record's field. */
export function zspageField({ plan }: TestPool, zspage: number, field: keyof typeof ZSPAGE.at): number {
  return plan.zspageBase + zspage * plan.zspageStride + plan.zspageCore + ZSPAGE.at[field];
}

/** Word of a page record's field. */
export function pageField({ plan }: TestPool, page: number, field: keyof typeof PAGE.at): number {
  return plan.pageBase + page * PAGE.words + PAGE.at[field];
}

/** The row of the class that serves a request. */
export function rowOf(made: TestPool, sizeBytes: number): ReturnType<HoldingPool['classes']>[number] {
  return made.pool.classes()[classFor(made, sizeBytes).ordinal]!;
}

/** Bytes that depend on every index and on the seed, so that a shifted or swapped copy differs. */
export function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = (seed * 0x9e37_79b1 + 1) >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 0x0019_660d) + 0x3c6e_f35f) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Allocates an object filled with its pattern. */
export function filled(pool: HoldingPool, sizeBytes: number, seed: number): number {
  const handle = pool.malloc(sizeBytes);
  pool.write(handle, pattern(sizeBytes, seed));
  return handle;
}

/** A copy of an object's bytes. */
export function contentOf(pool: HoldingPool, handle: number): Uint8Array {
  return pool.read(handle, (bytes) => bytes.slice());
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Expects an object to have the pattern it was filled with. */
export function expectFilled(pool: HoldingPool, handle: number, sizeBytes: number, seed: number): void {
  expect(pool.sizeOf(handle)).toBe(sizeBytes);
  if (!sameBytes(contentOf(pool, handle), pattern(sizeBytes, seed)))
    throw new Error(`object ${handle} of ${sizeBytes} bytes has changed`);
}

/** The seed of this run: SEED from the environment, or a fixed one. */
export const SEED: number = Number(process.env.SEED ?? 20_261_124);

/** A generator of uniform numbers in [0, 1). */
export function randomBy(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
