// Merging by hand-made parts: the orders that workers show only once in a million calls.

import { describe, expect, it } from 'vitest';
import { OP, OP_NAMES, mergeTrace, readTrace, writeTrace } from '../src/index.ts';
import type { RecordedPart, Trace } from '../src/index.ts';

type Call = [op: keyof typeof OP, handle: number, stamp: number, size?: number];

function part(agent: number, calls: Call[], recordingId = 'one'): RecordedPart {
  const words = calls.flatMap(([op, handle, stamp, size = 0]) => [OP[op] + size * 8, handle, stamp, 0]);
  const chunks = [Int32Array.from(words)];
  return {
    kind: 'zsmalloc-recorded-part',
    recordingId,
    objectBytesMax: 4096,
    agent,
    name: `${agent}`,
    lost: 0,
    chunks,
  };
}

function listed(trace: Trace): string[] {
  const { count, ops, agents, objects } = readTrace(writeTrace(trace)).events;
  return Array.from({ length: count }, (_, at) => `${agents[at]} ${OP_NAMES[ops[at]!]} ${objects[at]}`);
}

describe('mergeTrace', () => {
  it('gives a read that raced with a free to the object that was freed, and puts the free behind', () => {
    // Agent 0 stamps its free, and is descheduled before the pool frees; agent 1 still reads.
    const trace = mergeTrace([
      part(0, [
        ['malloc', 77, 0, 10],
        ['free', 77, 1],
        ['malloc', 99, 5, 30],
      ]),
      part(1, [
        ['malloc', 88, 2, 20],
        ['read', 77, 3],
        ['free', 88, 3],
        ['malloc', 77, 4, 40],
      ]),
    ]);
    expect(listed(trace)).toEqual([
      '0 malloc 0',
      '1 malloc 1',
      '1 read 0',
      '0 free 0',
      '1 free 1',
      '1 malloc 2',
      '0 malloc 3',
    ]);
    expect([...trace.sizes]).toEqual([10, 20, 40, 30]);
    expect(trace.dropped).toBe(0);
  });

  it('tells the lives of a handle apart that three agents used in turn', () => {
    const trace = mergeTrace([
      part(2, [
        ['malloc', 7, 4, 300],
        ['free', 7, 5],
      ]),
      part(0, [
        ['malloc', 7, 0, 100],
        ['read', 7, 1],
        ['free', 7, 1],
      ]),
      part(1, [
        ['malloc', 7, 2, 200],
        ['write', 7, 3, 8],
        ['free', 7, 3],
      ]),
    ]);
    expect(listed(trace)).toEqual([
      '0 malloc 0',
      '0 read 0',
      '0 free 0',
      '1 malloc 1',
      '1 write 1',
      '1 free 1',
      '2 malloc 2',
      '2 free 2',
    ]);
  });

  it('lets a hold outlast the free, whatever its agent used meanwhile', () => {
    const trace = mergeTrace([
      part(0, [
        ['malloc', 1, 0, 10],
        ['free', 1, 1],
        ['malloc', 2, 2, 20],
      ]),
      part(1, [
        ['hold', 1, 1],
        ['read', 2, 3],
        ['release', 1, 3],
      ]),
    ]);
    expect(listed(trace)).toEqual(['0 malloc 0', '1 hold 0', '0 free 0', '0 malloc 1', '1 read 1', '1 release 0']);
  });

  it('drops and counts what it has no malloc of, when the part of an agent is missing', () => {
    const trace = mergeTrace([
      part(1, [
        ['read', 5, 1],
        ['hold', 5, 1],
        ['release', 5, 1],
        ['malloc', 6, 2, 9],
        ['free', 5, 3],
      ]),
    ]);
    expect(listed(trace)).toEqual(['1 malloc 0']);
    expect(trace.dropped).toBe(4);
    expect(trace.agents.map(({ name }) => name)).toEqual(['agent 0 (missing)', '1']);
  });

  it('refuses parts of different recordings, and a part given twice', () => {
    expect(() => mergeTrace([part(0, []), part(1, [], 'two')])).toThrow('ERR_ZS_TRACE_PARTS');
    expect(() => mergeTrace([part(1, []), part(1, [])])).toThrow('ERR_ZS_TRACE_PARTS');
    expect(mergeTrace([]).events.count).toBe(0);
  });
});
