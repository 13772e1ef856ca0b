import { readFileSync } from 'node:fs';
import { attachPool, createPool } from '@zsmalloc/core';
import { CLASS, planPool } from '@zsmalloc/core/model';
import type { Kernels } from '@zsmalloc/core';
import type { Strategy } from '@zsmalloc/core/strategy';
import { bigReader, preemptible, preemptibleDirect } from '@zsmalloc/lock-custom';
import { spin } from '@zsmalloc/lock-spin';
import { wasm } from '@zsmalloc/wasm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { kernelsOf } from '../src/kernels.ts';
import { compileProgram, programModule } from '../tools/compile-program.mjs';
import { flipBytes } from './flips.ts';
import { meetMovers } from './movers.ts';
import { Difference, compareTwins } from './twins.ts';

const STEPS = 20_000;
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describe('the program', () => {
  it('is the source, compiled', async () => {
    expect(readFileSync(new URL('../src/program.ts', import.meta.url), 'utf8')).toBe(await programModule());
  });

  it('is small enough for a main thread to compile at once, and brings no data', async () => {
    const binary = await compileProgram();
    expect(binary.length).toBeLessThan(4096);
    const sections: number[] = [];
    for (let at = 8; at < binary.length;) {
      sections.push(binary[at++]!);
      let length = 0;
      for (let shift = 0, byte = 128; byte >= 128; shift += 7) {
        byte = binary[at++]!;
        length |= (byte & 127) << shift;
      }
      at += length;
    }
    // 11: data, which would be written over the pool.
    expect(sections).not.toContain(11);
    expect(sections).toContain(10);
  });
});

const MET = ['busy', 'migrated', true, 'ERR_ZS_WOULD_BLOCK', 'ERR_ZS_WOULD_BLOCK', 'done'];

describe.each([spin, preemptibleDirect, bigReader])('kernels of $id', (strategy) => {
  it(`do what JavaScript does, word for word (seed ${SEED})`, () => {
    const done = compareTwins(strategy, wasm, SEED, STEPS);
    expect(done).toBeGreaterThan(STEPS / 2);
  });

  it('keep movers out of what they read, and keep out of what movers have', () => {
    expect(meetMovers(strategy, wasm)).toEqual(MET);
  });
});

async function wrongKernels(from: string, to: string): Promise<Kernels> {
  const binary = await compileProgram((source) => {
    expect(source).toContain(from);
    return source.replace(from, to);
  });
  return kernelsOf(() => binary);
}

describe('wrong kernels', () => {
  const mutants: [string, string, string][] = [
    ['counts a malloc twice', 'add(base + inuse, 1);', 'add(base + inuse, 2);'],
    ['leaves the cell as it was', 'store<i32>(cellAt, location);', ''],
    ['keeps the generation', '((raw + cellMask + 1) & HANDLE_MASK & ~cellMask)', '(raw & HANDLE_MASK & ~cellMask)'],
    ['does not refile a zspage', 'if (groupOf(ordinal, used) != used >>> GROUP_SHIFT) regroup(ordinal, zspage);', ''],
    ['forgets what it noted', 'function left(entry: i32): void {', 'function left(entry: i32): void { return;'],
    ['does not look whose slot it is', 'load<i32>(header) != ((raw << 1) | 1) || second < 0', 'second < 0'],
    ['takes a short first page', 'min(length, room)', 'length'],
    [
      'leaves a death in doubt',
      'store<i32>(base + pending, 0);\n  unlock(ordinal);\n  return 0;',
      'unlock(ordinal);\n  return 0;',
    ],
  ];

  it.each(mutants)('are rejected when one %s', async (_, from, to) => {
    const kernels = await wrongKernels(from, to);
    expect(() => compareTwins(spin, kernels, SEED, STEPS)).toThrow(Difference);
  });

  const deaf: [string, Strategy, string, string][] = [
    ['joins a mover in a zspage that counts', preemptibleDirect, '& CLOSED) != 0) {', '& CLOSED) == -1) {'],
    [
      'joins a mover in a zspage that it marks',
      bigReader,
      'if ((atomic.load<i32>(lock) & OWNER) == 0) return true;',
      'return true;',
    ],
    ['sets no mark', bigReader, 'atomic.store<i32>(mark, lock >>> 2);', ''],
    [
      'does not count itself',
      spin,
      'if ((atomic.add<i32>(lock, one) & CLOSED) != 0) {',
      'if ((atomic.load<i32>(lock) & CLOSED) == -1) {',
    ],
  ];

  it.each(deaf)('are rejected when one %s', async (_, strategy, from, to) => {
    const kernels = await wrongKernels(from, to);
    let met: unknown;
    try {
      met = meetMovers(strategy, kernels);
    } catch (error) {
      met = error;
    }
    expect(met).not.toEqual(MET);
  });
});

describe('a corrupt pool with kernels', () => {
  const CASES = Number(process.env['CASES'] ?? 3000);

  it(`succeeds or says so by a typed error, in ${CASES} cases of flipped bytes (seed ${SEED})`, () => {
    const outcomes = flipBytes(wasm, [spin, preemptibleDirect, bigReader], SEED, CASES);
    expect(outcomes['done']).toBeGreaterThan(CASES);
    expect(outcomes['ERR_ZS_CORRUPT']).toBeGreaterThan(CASES / 100);
  });
});

describe('a pool with kernels', () => {
  afterEach(() => void vi.unstubAllGlobals());
  const bytes = 2 ** 20;
  const roundTrip = (from: ReturnType<typeof createPool>, to: ReturnType<typeof createPool>): void => {
    for (const size of [24, 1000, 2700, 4096]) {
      const data = Uint8Array.from({ length: size }, (_, i) => i ^ size);
      const handle = from.malloc(size);
      from.write(handle, data);
      expect(to.read(handle, (found) => found.slice())).toEqual(data);
      to.free(handle);
    }
  };

  it('is shared with agents that have none', () => {
    const pool = createPool({ bytes, strategy: spin, kernels: wasm });
    const other = attachPool(pool.descriptor(), { strategies: [spin] });
    expect([pool.runsKernels, other.runsKernels]).toEqual([true, false]);
    expect(pool.bytes.length).toBe(bytes);
    roundTrip(pool, other);
    roundTrip(other, pool);
    pool.verify();
  });

  it('runs JavaScript where nothing may be compiled', () => {
    vi.stubGlobal('WebAssembly', {
      Memory: WebAssembly.Memory,
      Module: function Module() {
        throw new Error('CompileError: wasm-unsafe-eval');
      },
      Instance: WebAssembly.Instance,
    });
    const kernels = kernelsOf(() => new Uint8Array());
    const pool = createPool({ bytes, strategy: spin, kernels });
    expect(pool.runsKernels).toBe(false);
    roundTrip(pool, pool);
    vi.unstubAllGlobals();
    const other = attachPool(pool.descriptor(), { strategies: [spin], kernels: wasm });
    expect(other.runsKernels).toBe(true);
    roundTrip(other, pool);
    pool.verify();
  });

  it('runs JavaScript where there is no WebAssembly', () => {
    vi.stubGlobal('WebAssembly', undefined);
    const pool = createPool({ bytes, strategy: spin, kernels: wasm });
    expect(pool.runsKernels).toBe(false);
    expect(pool.descriptor().memory).toBeUndefined();
    roundTrip(pool, pool);
  });

  it.each([
    ['another strategy', { bytes, strategy: preemptible, kernels: wasm }],
    ['larger pages', { bytes: 2 ** 22, pageBytes: 8192, strategy: spin, kernels: wasm }],
  ])('runs JavaScript with %s', (_, options) => {
    const pool = createPool(options);
    expect(pool.runsKernels).toBe(false);
    roundTrip(pool, pool);
    pool.verify();
  });

  it('leaves malloc and free to caches where there are some', () => {
    const pool = createPool({ bytes, strategy: spin, kernels: wasm, caches: true });
    expect(pool.runsKernels).toBe(true);
    roundTrip(pool, pool);
    expect(pool.stats().objectsCached).toBeGreaterThan(0);
    pool.verify();
  });

  it('refuses everything once it is detached', () => {
    const pool = createPool({ bytes, strategy: spin, kernels: wasm });
    const handle = pool.malloc(100);
    pool.detach();
    for (const call of [
      () => pool.malloc(100),
      () => pool.free(handle),
      () => pool.readBegin(handle),
      () => pool.write(handle, new Uint8Array(8)),
    ]) {
      expect(call).toThrow(expect.objectContaining({ code: 'ERR_ZS_DETACHED' }));
    }
  });

  it('refuses reads of a torn object, and writes that do not fit', () => {
    const pool = createPool({ bytes, strategy: spin, kernels: wasm });
    const handle = pool.malloc(100);
    expect(() => pool.write(handle, new Uint8Array(101))).toThrow(
      expect.objectContaining({ code: 'ERR_ZS_OUT_OF_RANGE' }),
    );
    const offset = pool.readBegin(handle);
    pool.readEnd(offset);
    // The length word's sign says that an agent has died while it wrote.
    new Int32Array(pool.bytes.buffer)[offset / 4 - 1]! |= 1 << 31;
    expect(() => pool.read(handle, () => 0)).toThrow(expect.objectContaining({ code: 'ERR_ZS_TORN' }));
    pool.write(handle, new Uint8Array(100));
    expect(pool.read(handle, (found) => found.length)).toBe(100);
    pool.verify();
  });

  it('carries when a class has more than 2^30 bytes', () => {
    const pool = createPool({ bytes, strategy: spin, kernels: wasm });
    const shape = { pageBytes: 4096, chainPages: 8, pages: bytes / 4096, agentsMax: 64, strategyWords: spin.words };
    const plan = planPool(shape);
    const ordinal = plan.shape.classes.findIndex(({ sizeBytes }) => sizeBytes >= 108);
    const base = plan.classBase + ordinal * CLASS.words;
    const words = new Int32Array(pool.bytes.buffer);
    const count = (): number[] => [words[base + CLASS.at.bytesLow]!, words[base + CLASS.at.bytesHigh]!];
    const kept = pool.malloc(100);
    expect(count()).toEqual([100, 0]);
    // As if so much was stored.
    words[base + CLASS.at.bytesLow] = 2 ** 30 - 50;
    pool.free(pool.malloc(100));
    const handle = pool.malloc(100);
    expect(count()).toEqual([50, 1]);
    pool.free(handle);
    expect(count()).toEqual([2 ** 30 - 50, 0]);
    words[base + CLASS.at.bytesLow] = 100;
    pool.verify();
    pool.free(kept);
    pool.verify();
  });
});
