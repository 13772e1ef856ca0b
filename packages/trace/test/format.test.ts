import { describe, expect, it } from 'vitest';
import { OP, TraceBuilder, TraceError, readTrace, readTraceSummary, summarizeTrace, writeTrace } from '../src/index.ts';
import type { Trace } from '../src/index.ts';
import { crc32 } from '../src/crc32.ts';
import { randomBelow, randomTrace } from './random-trace.ts';

const SEED = Number(process.env['TRACE_SEED'] ?? Date.now() % 1_000_000);
console.log(`trace format: seed ${SEED} (TRACE_SEED repeats it)`);

function codeOf(bytes: Uint8Array): string {
  try {
    readTrace(bytes);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    expect(error.message.endsWith(`[${error.code}]`)).toBe(true);
    return error.code;
  }
}

/** The bytes with a checksum that fits them again. */
function sealed(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const end = copy.length - 4;
  new DataView(copy.buffer).setUint32(end, crc32(copy, end), true);
  return copy;
}

function small(change: (builder: TraceBuilder) => void, agents = 1): Uint8Array {
  const builder = new TraceBuilder();
  change(builder);
  const names = Array.from({ length: agents }, (_, index) => ({ name: `${index}`, lost: 0 }));
  return writeTrace(builder.finish({ objectBytesMax: 4096, agents: names, dropped: 0 }));
}

it('computes the CRC-32 of its standard check value', () => {
  expect(crc32(new TextEncoder().encode('123456789'), 9)).toBe(0xcbf43926);
});

it.each(Array.from({ length: 20 }, (_, index) => SEED + index))(
  'reads what it wrote: random trace of seed %i',
  (seed) => {
    const trace = randomTrace(seed, 500 + (seed % 7) * 300);
    const back = readTrace(writeTrace(trace));
    expect(back).toEqual(trace);
  },
);

it('takes few bytes for a call', () => {
  const trace = randomTrace(SEED, 20_000);
  expect(writeTrace(trace).length / trace.events.count).toBeLessThan(5);
});

it('keeps objects beyond 2^24 bytes and names beyond 255 bytes, cut between characters', () => {
  const builder = new TraceBuilder();
  builder.malloc(0, 2 ** 31 + 5);
  const trace = builder.finish({ objectBytesMax: 0, agents: [{ name: 'ä'.repeat(200), lost: 0 }], dropped: 0 });
  const back = readTrace(writeTrace(trace));
  expect(back.sizes[0]).toBe(2 ** 31 + 5);
  expect(back.agents[0]!.name).toBe('ä'.repeat(127));
});

describe('a damaged file', () => {
  const file = writeTrace(randomTrace(SEED, 400));

  it('is refused at every length but its own', () => {
    for (let length = 0; length < file.length; length++) {
      expect(codeOf(file.subarray(0, length)), `${length} of ${file.length} bytes`).toBe('ERR_ZS_TRACE_TRUNCATED');
    }
    expect(codeOf(new Uint8Array([...file, 0]))).toBe('ERR_ZS_TRACE_CORRUPT');
  });

  it('is refused with any one bit changed', () => {
    for (let bit = 0; bit < file.length * 8; bit++) {
      const copy = file.slice();
      copy[bit >> 3]! ^= 1 << (bit & 7);
      expect(codeOf(copy), `bit ${bit}`).not.toBe('accepted');
    }
  });

  it('gives a typed error, or a trace that keeps the rules, whatever stands behind a right checksum', () => {
    const below = randomBelow(SEED);
    const codes = new Set<string>();
    for (let round = 0; round < 3000; round++) {
      const copy = file.slice();
      for (let count = 1 + below(4); count > 0; count--) copy[9 + below(copy.length - 13)] = below(256);
      codes.add(codeOf(sealed(copy)));
    }
    expect(codes.has('ERR_ZS_TRACE_CORRUPT')).toBe(true);
  });

  it('says what it is not', () => {
    expect(codeOf(new TextEncoder().encode('{"not": "a trace"}'))).toBe('ERR_ZS_TRACE_FORMAT');
    const later = file.slice();
    later[8] = 2;
    expect(codeOf(sealed(later))).toBe('ERR_ZS_TRACE_VERSION');
    const wrong = file.slice();
    wrong[wrong.length - 1]! ^= 1;
    expect(codeOf(wrong)).toBe('ERR_ZS_TRACE_CHECKSUM');
  });
});

describe('a trace that cannot have happened is refused:', () => {
  it.each<[string, (builder: TraceBuilder) => void]>([
    ['a read after the free', (b) => (b.malloc(0, 8), b.add(OP.free, 0, 0, 0, 0), b.add(OP.read, 0, 0, 0, 0))],
    ['a second free', (b) => (b.malloc(0, 8), b.add(OP.free, 0, 0, 0, 0), b.add(OP.free, 0, 0, 0, 0))],
    ['a write beyond the end', (b) => (b.malloc(0, 8), b.add(OP.write, 0, 0, 5, 4))],
    ['an object larger than the pool allows', (b) => void b.malloc(0, 4097)],
    ['an object of no bytes', (b) => void b.malloc(0, 0)],
    ['a release without a hold', (b) => (b.malloc(0, 8), b.add(OP.release, 0, 0, 0, 0))],
    [
      "a release of another agent's hold",
      (b) => (b.malloc(0, 8), b.add(OP.hold, 0, 0, 0, 0), b.add(OP.release, 1, 0, 0, 0)),
    ],
  ])('%s', (_, change) => {
    expect(codeOf(small(change, 2))).toBe('ERR_ZS_TRACE_CORRUPT');
  });

  it('a read before the malloc', () => {
    const file = small((b) => (b.malloc(0, 8), b.add(OP.read, 0, 0, 0, 0)));
    const tag = file.length - 5;
    expect(file[tag]).toBe(OP.read);
    file[tag] = 5 * 8 + OP.read;
    expect(codeOf(sealed(file))).toBe('ERR_ZS_TRACE_CORRUPT');
    const builder = new TraceBuilder();
    builder.add(OP.read, 0, 3, 0, 0);
    const broken = builder.finish({ objectBytesMax: 0, agents: [{ name: '', lost: 0 }], dropped: 0 });
    expect(() => writeTrace(broken)).toThrow('ERR_ZS_TRACE_CORRUPT');
  });

  it('and the same without the fault is accepted', () => {
    expect(
      codeOf(
        small((b) => {
          b.malloc(0, 8);
          b.add(OP.hold, 1, 0, 0, 0);
          b.add(OP.write, 0, 0, 4, 4);
          b.add(OP.free, 0, 0, 0, 0);
          b.add(OP.release, 1, 0, 0, 0);
        }, 2),
      ),
    ).toBe('accepted');
  });
});

/** The figures of a summary, the slow way. */
function slowly(trace: Trace): { peak: number; shared: number; left: number } {
  const live = new Map<number, number>();
  const owner = new Map<number, number>();
  const shared = new Set<number>();
  let peak = 0;
  for (let at = 0; at < trace.events.count; at++) {
    const object = trace.events.objects[at]!;
    const agent = trace.events.agents[at]!;
    const op = trace.events.ops[at]!;
    if (op === OP.malloc) {
      live.set(object, trace.sizes[object]!);
      owner.set(object, agent);
    }
    if (op === OP.free) live.delete(object);
    if (op !== OP.compact && owner.get(object) !== agent) shared.add(object);
    peak = Math.max(
      peak,
      [...live.values()].reduce((sum, size) => sum + size, 0),
    );
  }
  return { peak, shared: shared.size, left: live.size };
}

it('sums a trace up', () => {
  const trace = randomTrace(SEED, 1500);
  const summary = readTraceSummary(writeTrace(trace));
  expect(summary).toEqual(summarizeTrace(trace));
  const { peak, shared, left } = slowly(trace);
  expect([summary.peakLiveBytes, summary.sharedObjects, summary.leftObjects]).toEqual([peak, shared, left]);
  expect(summary.sizeHistogram.reduce((sum, count) => sum + count, 0)).toBe(trace.sizes.length);
  expect(summary.calls.malloc).toBe(trace.sizes.length);
  expect(Object.values(summary.calls).reduce((sum, count) => sum + count, 0)).toBe(summary.events);
});
