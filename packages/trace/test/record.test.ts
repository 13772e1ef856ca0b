import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createPool } from '@zsmalloc/core';
import type { Handle } from '@zsmalloc/core';
import { preemptibleDirect } from '@zsmalloc/lock-custom';
import { rcu, reclamationOf } from '@zsmalloc/lock-rcu';
import { describe, expect, it } from 'vitest';
import { OP, OP_NAMES, mergeTrace, readTrace, record, writeTrace } from '../src/index.ts';
import type { RecordedPart, Trace } from '../src/index.ts';

const SEED = Number(process.env['TRACE_SEED'] ?? Date.now() % 1_000_000);
console.log(`trace record: seed ${SEED} (TRACE_SEED repeats it)`);

/** What one agent did, as the application itself would write it down: operation, and size of the object or budget. */
function callsOf(trace: Trace, agent: number): [string, number][] {
  const { ops, agents, objects, values, count } = trace.events;
  const calls: [string, number][] = [];
  for (let at = 0; at < count; at++) {
    if (agents[at] !== agent) continue;
    calls.push([OP_NAMES[ops[at]!]!, ops[at] === OP.compact ? values[at]! : trace.sizes[objects[at]!]!]);
  }
  return calls;
}

const newPool = () => createPool({ bytes: 2 ** 20, strategy: preemptibleDirect });

describe('one agent', () => {
  it('records each kind of call, and passes it on', async () => {
    const pool = record(newPool(), { name: 'main' });
    const handle = pool.malloc(100);
    pool.write(handle, new Uint8Array(10).fill(7), 90);
    expect(pool.read(handle, (bytes) => bytes[95])).toBe(7);
    expect(pool.readInto(handle, new Uint8Array(100))).toBe(100);
    pool.readEnd(pool.readBegin(handle));
    expect([pool.readLength, pool.readFirstBytes]).toEqual([100, 100]);
    const hold = pool.hold(handle);
    expect(hold.segments[0]![99]).toBe(7);
    hold.release();
    hold.release();
    pool.compact({ pages: 3 });
    pool.compact();
    pool.shrink(2);
    const other = pool.tryMalloc(50);
    pool.free(handle);
    const later = await pool.mallocAsync(60);
    await pool.writeAsync(later, new Uint8Array(60));
    expect(await pool.readAsync(later, (bytes) => bytes.length)).toBe(60);
    (await pool.holdAsync(later)).release();
    expect(await pool.readIntoAsync(later, new Uint8Array(60))).toBe(60);
    await pool.compactAsync();
    await pool.freeAsync(later);
    pool.free(other);
    expect(pool.stats().objects).toBe(0);
    pool.verify();
    const trace = mergeTrace([pool.recording.end()]);
    pool.detach();
    expect(callsOf(trace, 0)).toEqual([
      ['malloc', 100],
      ['write', 100],
      ['read', 100],
      ['read', 100],
      ['read', 100],
      ['hold', 100],
      ['release', 100],
      ['compact', 3],
      ['compact', 0],
      ['compact', 2],
      ['malloc', 50],
      ['free', 100],
      ['malloc', 60],
      ['write', 60],
      ['read', 60],
      ['hold', 60],
      ['release', 60],
      ['read', 60],
      ['compact', 0],
      ['free', 60],
      ['free', 50],
    ]);
    expect([trace.events.values[1], trace.events.offsets[1]]).toEqual([10, 90]);
    expect(trace.agents).toEqual([{ name: 'main', events: 21, lost: 0 }]);
    expect(trace.dropped).toBe(0);
  });

  it('does not record what fails', () => {
    const pool = record(createPool({ bytes: 2 ** 17, strategy: preemptibleDirect }));
    const handle = pool.malloc(8);
    pool.free(handle);
    expect(() => pool.free(handle)).toThrow('ERR_ZS_BAD_HANDLE');
    expect(() => pool.read(handle, () => 1)).toThrow('ERR_ZS_BAD_HANDLE');
    expect(() => pool.write(handle, new Uint8Array(1))).toThrow('ERR_ZS_BAD_HANDLE');
    expect(() => pool.malloc(0)).toThrow('ERR_ZS_BAD_SIZE');
    let objects = 0;
    while (pool.tryMalloc(4096) !== 0) objects++;
    expect(() => pool.malloc(4096)).toThrow('ERR_ZS_NO_MEMORY');
    expect(pool.recording.events).toBe(2 + objects);
  });

  it('keeps the pool what it was for lock packages', () => {
    const pool = record(createPool({ bytes: 2 ** 20, strategy: rcu }));
    pool.free(pool.malloc(100));
    expect(reclamationOf(pool).stats().garbage.slots).toBe(1);
  });

  it('counts what its buffer has no room for, and refuses to end twice', () => {
    const pool = record(newPool(), { eventsMax: 3 });
    const handles = [1, 2, 3, 4, 5].map((size) => pool.malloc(size));
    handles.forEach((handle) => pool.free(handle));
    const part = pool.recording.end();
    expect(() => pool.recording.end()).toThrow('ERR_ZS_TRACE_ENDED');
    const trace = mergeTrace([part]);
    expect(trace.agents[0]).toMatchObject({ events: 3, lost: 7 });
  });

  it('ignores a pool used before, and counts its objects as dropped', () => {
    const real = newPool();
    const old = real.malloc(30);
    const pool = record(real);
    pool.read(old, () => 0);
    pool.free(old);
    const trace = mergeTrace([pool.recording.end()]);
    expect([trace.events.count, trace.dropped]).toEqual([0, 2]);
  });
});

interface Worked {
  readonly trace: Trace;
  readonly results: readonly { part: RecordedPart; mine: [string, number][] }[];
  readonly left: number;
}

/** Three workers pass objects around; this agent frees what they leave. */
async function runApplication(broken: boolean): Promise<Worked> {
  const pool = record(createPool({ bytes: 2 ** 22, strategy: preemptibleDirect }), { name: 'main' });
  const slots = new SharedArrayBuffer(64 * 4);
  const join = pool.recording.descriptor();
  const results = await Promise.all(
    [0, 1, 2].map(async (index) => {
      const worker = new Worker(new URL('./application.worker.mjs', import.meta.url), {
        workerData: { descriptor: pool.descriptor(), join, slots, steps: 30_000, seed: SEED + index, broken },
      });
      const [message] = (await once(worker, 'message')) as [{ part: RecordedPart; mine: [string, number][] }];
      return message;
    }),
  );
  const left = [...new Int32Array(slots)].filter((handle) => handle > 0);
  left.forEach((handle: Handle) => pool.free(handle));
  expect(pool.stats().objects).toBe(0);
  const trace = mergeTrace([...results.map(({ part }) => part), pool.recording.end()]);
  return { trace: readTrace(writeTrace(trace)), results, left: left.length };
}

describe('many agents', () => {
  it('keeps the order of each, and tells the lives of a handle apart', async () => {
    const { trace, results, left } = await runApplication(false);
    expect(trace.dropped).toBe(0);
    for (const { part, mine } of results) {
      expect(mine.length).toBeGreaterThan(5000);
      // Sizes are those that the worker saw: a life that is mixed up with another has another size.
      expect(callsOf(trace, part.agent)).toEqual(mine);
    }
    expect(callsOf(trace, 0).length).toBe(left);
    expect(trace.agents.map(({ name }) => name).sort()).toEqual(
      ['main', ...[0, 1, 2].map((index) => `worker ${SEED + index}`)].sort(),
    );
  });

  it('would not, if mallocs and frees took no numbers of their own', async () => {
    const { trace, results } = await runApplication(true);
    const wrong = results.filter(({ part, mine }) => {
      const calls = callsOf(trace, part.agent);
      return (
        calls.length !== mine.length || calls.some(([op, size], at) => op !== mine[at]![0] || size !== mine[at]![1])
      );
    });
    expect(wrong.length).toBeGreaterThan(0);
  });
});
