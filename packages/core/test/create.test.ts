import { describe, expect, it } from 'vitest';
import type { HoldingPool, PoolDescriptor } from '../src/api.ts';
import { threadNumber } from '../src/agents.ts';
import { attachPool, createPool } from '../src/create.ts';
import type { ErrorCode } from '../src/errors.ts';
import { readPlan } from '../src/format.ts';
import { AGENT, FORMAT, HEADER, LAYOUT_HASH } from '../src/layout/records.ts';
import { openMemory } from '../src/state.ts';
import { soloStrategy } from './solo-strategy.ts';
import { contentOf, expectFilled, filled, pattern, refusal } from './use-pool.ts';

function create(over: object = {}): {
  pool: HoldingPool;
  strategy: ReturnType<typeof soloStrategy>;
  descriptor: PoolDescriptor;
} {
  const strategy = soloStrategy();
  const pool = createPool({ bytes: 2 ** 20, strategy, ...over });
  return { pool, strategy, descriptor: pool.descriptor() };
}

/** A copy of a pool's buffer, longer or shorter, and changed. */
function copyOf(
  buffer: SharedArrayBuffer,
  bytes: number,
  change: (words: Int32Array) => void = () => {},
): SharedArrayBuffer {
  const copy = new SharedArrayBuffer(bytes);
  new Uint8Array(copy).set(new Uint8Array(buffer).subarray(0, bytes));
  change(new Int32Array(copy, 0, Math.floor(bytes / 4)));
  return copy;
}

function without(descriptor: PoolDescriptor, key: keyof PoolDescriptor): object {
  return Object.fromEntries(Object.entries(descriptor).filter(([name]) => name !== key));
}

describe('a descriptor', () => {
  it('is plain data that survives structuredClone and shares the memory', () => {
    const { pool, strategy, descriptor } = create();
    const sent = structuredClone(descriptor);
    expect(sent).toEqual(descriptor);
    expect(descriptor).toEqual({
      kind: 'zsmalloc-pool',
      format: FORMAT,
      layout: LAYOUT_HASH,
      strategy: { id: 'solo', version: 1 },
      buffer: descriptor.buffer,
    });
    const other = attachPool(sent, { strategies: [strategy] });
    const handle = filled(pool, 3000, 1);
    expectFilled(other, handle, 3000, 1);
    other.free(handle);
    refusal(() => pool.sizeOf(handle), 'ERR_ZS_BAD_HANDLE');
    pool.verify();
    other.verify();
  });

  it('can be given by any agent, and finds its strategy among several', () => {
    const { strategy, descriptor } = create({ chainPages: 16, pageBytes: 8192, agents: 3 });
    const second = attachPool(descriptor, { strategies: [soloStrategy({ id: 'other' }), strategy] });
    const third = attachPool(second.descriptor(), { strategies: [strategy] });
    expect(third).toMatchObject({ objectBytesMax: 8192, strategyId: 'solo', hugeBytes: second.hugeBytes });
    expect(third.stats().agents).toBe(3);
  });
});

describe('attachPool', () => {
  const own = soloStrategy();
  const offers = { strategies: [own] };

  it.each<[string, (d: PoolDescriptor) => unknown, ErrorCode]>([
    ['undefined', () => undefined, 'ERR_ZS_ATTACH_DESCRIPTOR'],
    ['null', () => null, 'ERR_ZS_ATTACH_DESCRIPTOR'],
    ['a string', () => 'zsmalloc-pool', 'ERR_ZS_ATTACH_DESCRIPTOR'],
    ['a bare buffer', (d) => d.buffer, 'ERR_ZS_ATTACH_DESCRIPTOR'],
    ['a descriptor of another kind', (d) => ({ ...d, kind: 'pool' }), 'ERR_ZS_ATTACH_DESCRIPTOR'],
    ['a descriptor without a buffer', (d) => without(d, 'buffer'), 'ERR_ZS_ATTACH_DESCRIPTOR'],
    [
      'a descriptor of an unshared buffer',
      (d) => ({ ...d, buffer: new ArrayBuffer(2 ** 20) }),
      'ERR_ZS_ATTACH_DESCRIPTOR',
    ],
    ['a descriptor without a strategy', (d) => without(d, 'strategy'), 'ERR_ZS_ATTACH_DESCRIPTOR'],
    ['another format', (d) => ({ ...d, format: FORMAT + 1 }), 'ERR_ZS_ATTACH_FORMAT'],
    ['another layout', (d) => ({ ...d, layout: LAYOUT_HASH - 2 }), 'ERR_ZS_ATTACH_LAYOUT'],
    ['another strategy', (d) => ({ ...d, strategy: { id: 'rcu', version: 1 } }), 'ERR_ZS_ATTACH_STRATEGY'],
    [
      'another version of the strategy',
      (d) => ({ ...d, strategy: { id: 'solo', version: 2 } }),
      'ERR_ZS_ATTACH_STRATEGY',
    ],
  ])('refuses %s before it touches memory', (_, spoil, code) => {
    const { pool, descriptor } = create();
    const before = pool.bytes.slice();
    refusal(() => attachPool(spoil(descriptor) as PoolDescriptor, offers), code);
    expect(Buffer.compare(before, pool.bytes)).toBe(0);
    pool.verify();
  });

  it.each<[string, (buffer: SharedArrayBuffer) => SharedArrayBuffer, ErrorCode]>([
    ['an empty buffer', () => new SharedArrayBuffer(0), 'ERR_ZS_ATTACH_FORMAT'],
    ['a buffer of odd length', () => new SharedArrayBuffer(4099), 'ERR_ZS_ATTACH_FORMAT'],
    ['a buffer of zeros', () => new SharedArrayBuffer(2 ** 20), 'ERR_ZS_ATTACH_FORMAT'],
    ['a buffer that was cut off', (buffer) => copyOf(buffer, 2 ** 19), 'ERR_ZS_ATTACH_FORMAT'],
    ['a buffer with something behind it', (buffer) => copyOf(buffer, 2 ** 20 + 4096), 'ERR_ZS_ATTACH_FORMAT'],
    [
      'a header without the magic number',
      (b) => copyOf(b, 2 ** 20, (words) => (words[HEADER.at.magic]! += 1)),
      'ERR_ZS_ATTACH_FORMAT',
    ],
    [
      'a header of another format',
      (b) => copyOf(b, 2 ** 20, (words) => (words[HEADER.at.format]! += 1)),
      'ERR_ZS_ATTACH_FORMAT',
    ],
    [
      'a header of another layout',
      (b) => copyOf(b, 2 ** 20, (words) => (words[HEADER.at.layoutHash]! += 1)),
      'ERR_ZS_ATTACH_LAYOUT',
    ],
    [
      'a header of another strategy',
      (b) => copyOf(b, 2 ** 20, (words) => (words[HEADER.at.strategyHash]! += 1)),
      'ERR_ZS_ATTACH_STRATEGY',
    ],
    [
      'a header of another strategy version',
      (b) => copyOf(b, 2 ** 20, (words) => (words[HEADER.at.strategyVersion]! += 1)),
      'ERR_ZS_ATTACH_STRATEGY',
    ],
  ])('refuses %s and leaves it as it is', (_, spoil, code) => {
    const { descriptor } = create();
    const buffer = spoil(descriptor.buffer);
    const before = new Uint8Array(buffer).slice();
    refusal(() => attachPool({ ...descriptor, buffer }, offers), code);
    expect(Buffer.compare(before, new Uint8Array(buffer))).toBe(0);
  });

  it('refuses an agent that offers no strategy, or one of another version, and says what it has', () => {
    const { descriptor } = create();
    expect(refusal(() => attachPool(descriptor, { strategies: [] }), 'ERR_ZS_ATTACH_STRATEGY').message).toContain(
      'this agent offers none',
    );
    const newer = soloStrategy({ version: 2 });
    const error = refusal(() => attachPool(descriptor, { strategies: [newer] }), 'ERR_ZS_ATTACH_STRATEGY');
    expect(error.facts).toEqual({ found: 2, expected: 1 });
  });

  it('computes the plan that the creator computed', () => {
    const { descriptor, strategy } = create({ chainPages: 5, classStepBytes: 48, agents: 7 });
    expect(readPlan(openMemory(descriptor.buffer), strategy)).toMatchObject({
      chainPages: 5,
      classStepBytes: 48,
      shape: { stepBytes: 48 },
      agentsMax: 7,
      pages: 256,
      pageBytes: 4096,
    });
  });
});

describe('agents', () => {
  it('attach up to the limit, and again when one has detached', () => {
    const { pool, strategy, descriptor } = create({ agents: 3 });
    const offers = { strategies: [strategy] };
    const second = attachPool(descriptor, offers);
    const third = attachPool(descriptor, offers);
    expect(refusal(() => attachPool(descriptor, offers), 'ERR_ZS_AGENTS_FULL').facts).toEqual({ agentsMax: 3 });
    second.detach();
    const fourth = attachPool(descriptor, offers);
    expect(strategy.ledgers.map((ledger) => ledger.host.agent.index)).toEqual([1, 2, 3, 2]);
    refusal(() => attachPool(descriptor, offers), 'ERR_ZS_AGENTS_FULL');
    const handle = filled(fourth, 100, 1);
    expectFilled(third, handle, 100, 1);
    pool.verify();
  });

  it('number 255 at most, each of which works', () => {
    const { pool, strategy, descriptor } = create({ agents: 255 });
    const agents = [pool, ...Array.from({ length: 254 }, () => attachPool(descriptor, { strategies: [strategy] }))];
    refusal(() => attachPool(descriptor, { strategies: [strategy] }), 'ERR_ZS_AGENTS_FULL');
    expect(pool.stats().agents).toBe(255);
    const handles = agents.map((agent, i) => filled(agent, 50, i));
    for (const [i, handle] of handles.entries())
      expect(Buffer.compare(contentOf(agents[254 - i]!, handle), pattern(50, i))).toBe(0);
    for (const [i, handle] of handles.entries()) agents[(i + 100) % 255]!.free(handle);
    for (const agent of agents.slice(1)) agent.detach();
    expect(pool.stats()).toMatchObject({ agents: 1, objects: 0, pagesUsed: 0 });
    pool.verify();
  });

  it('get a new incarnation each time a record is taken, and keep it when they go', () => {
    const { strategy, descriptor } = create({ agents: 2 });
    const memory = openMemory(descriptor.buffer);
    const plan = readPlan(memory, strategy);
    const state = (): number => memory.words[plan.agentBase + 2 * plan.agentStride + AGENT.at.state]!;
    const states = [state()];
    for (let i = 0; i < 2; i++) {
      const agent = attachPool(descriptor, { strategies: [strategy] });
      states.push(state());
      agent.detach();
      states.push(state());
    }
    // Bit 0: attached. Bits 2 to 11 count. Above them: the thread.
    expect(states.map((value) => value & 0xfff)).toEqual([0, 5, 4, 9, 8]);
    expect(states[1]! >>> 12).toBe(threadNumber());
  });

  it('come and go a thousand times without a trace', () => {
    const { pool, strategy, descriptor } = create({ agents: 2 });
    const handle = filled(pool, 700, 1);
    for (let i = 0; i < 1000; i++) {
      const agent = attachPool(descriptor, { strategies: [strategy] });
      agent.free(agent.malloc(100));
      agent.detach();
    }
    expect(pool.stats()).toMatchObject({ agents: 1, objects: 1, zspages: 1 });
    expectFilled(pool, handle, 700, 1);
    pool.verify();
  });

  it('leave behind what they allocated, for the others to use and free', () => {
    const { pool, strategy, descriptor } = create();
    const guest = attachPool(descriptor, { strategies: [strategy] });
    const handles = [10, 3600, 4096].map((size, i) => filled(guest, size, i));
    guest.detach();
    for (const [i, handle] of handles.entries()) {
      expectFilled(pool, handle, [10, 3600, 4096][i]!, i);
      pool.free(handle);
    }
    expect(pool.stats()).toMatchObject({ objects: 0, pagesUsed: 0 });
    pool.verify();
  });
});

describe('two pools', () => {
  it('have different keys', () => {
    const handles = Array.from({ length: 8 }, () => create().pool.malloc(10));
    expect(new Set(handles).size).toBeGreaterThan(1);
  });
});
