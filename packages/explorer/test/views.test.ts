import { assertProved, explore, ModelMemory, type ElementKind, type ThreadBody } from '@zsmalloc/explorer';
import { describe, expect, it } from 'vitest';

const KINDS: ElementKind[] = [
  'int8',
  'uint8',
  'uint8c',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'float32',
  'float64',
  'bigint64',
  'biguint64',
];

const INTEGER_KINDS = KINDS.filter((kind) => kind !== 'uint8c' && !kind.startsWith('float'));

type AnyView = Int32Array<SharedArrayBuffer>;

function viewOf(memory: ModelMemory, kind: ElementKind): AnyView {
  return memory.view(kind, 16, 4) as unknown as AnyView;
}

function one(kind: ElementKind): number {
  return (kind.startsWith('big') ? 1n : 1) as number;
}

/** Runs `body` in a thread and returns what it returned. */
function inThread(memory: ModelMemory, body: (memory: ModelMemory) => unknown): unknown {
  let result: unknown;
  assertProved(explore({ memory, threads: [() => body(memory)], check: ({ results }) => void (result = results[0]) }));
  return result;
}

describe.each([
  ['directly', (memory: ModelMemory, body: (m: ModelMemory) => unknown) => body(memory)],
  ['in a thread', inThread],
])('views used %s', (_, use) => {
  it.each(KINDS)('of kind %s behave as the typed array', (kind) => {
    const memory = new ModelMemory(64);
    const plain = new (viewOf(memory, kind).constructor as typeof Int32Array)(new SharedArrayBuffer(64), 16, 4);
    const script = (view: Int32Array): unknown => {
      view[0] = one(kind);
      view.set([one(kind), one(kind)] as number[], 2);
      view.fill(one(kind), 1, 2);
      view.copyWithin(3, 0, 1);
      const part = view.subarray(1, 3);
      part[0] = one(kind);
      view.reverse();
      const found = [...view, view.at(-1), view[4], view.length, view.byteLength, view.byteOffset, part.byteOffset];
      return [
        found,
        view.slice(1).join(),
        view.indexOf(one(kind)),
        [...view.entries()].length,
        view.map((x) => x).join(),
      ]
        .flat()
        .map(String);
    };
    expect(use(memory, () => script(viewOf(memory, kind)))).toEqual(script(plain));
  });

  it.each(INTEGER_KINDS)('of kind %s take all atomic operations', (kind) => {
    const memory = new ModelMemory(64);
    const n = one(kind);
    const script = (view: Int32Array): unknown =>
      [
        Atomics.store(view, 0, n),
        Atomics.add(view, 0, n),
        Atomics.sub(view, 0, n),
        Atomics.or(view, 1, n),
        Atomics.and(view, 1, n),
        Atomics.xor(view, 1, n),
        Atomics.exchange(view, 2, n),
        Atomics.compareExchange(view, 2, n, (n as unknown) === 1n ? (0n as unknown as number) : 0),
        Atomics.load(view, 0),
        Atomics.isLockFree(4),
      ].map(String);
    // Outside of a run, real Atomics don't know instrumented views: `setup` and `check` do.
    const plain = new (viewOf(memory, kind).constructor as typeof Int32Array)(new SharedArrayBuffer(64), 16, 4);
    expect(inThread(memory, () => script(viewOf(memory, kind)))).toEqual(script(plain));
  });
});

it('starts every execution from what setup left, whatever threads and checks have written', () => {
  const memory = new ModelMemory(64);
  let setups = 0;
  const body: ThreadBody = ({ memory: { int32, uint8 } }) => {
    const seen = Atomics.add(int32, 0, 1);
    if (seen === 5) uint8.fill(9, 40, 48);
    return seen;
  };
  const result = explore({
    memory,
    setup: ({ int32 }) => {
      setups++;
      Atomics.store(int32, 0, 5);
      int32[1] = 6;
    },
    threads: [body, body],
    check: ({ memory: { int32 }, results }) => {
      expect([results[0], results[1]].sort()).toEqual([5, 6]);
      expect([int32[0], int32[1], int32[2]]).toEqual([7, 6, 0]);
      int32.fill(99);
      Atomics.store(int32, 2, 98);
    },
  });
  assertProved(result);
  expect(result.executions).toBe(2);
  expect(setups).toBe(1);
});

describe('data races', () => {
  const kindOf = (a: (memory: ModelMemory) => unknown, b: (memory: ModelMemory) => unknown): string | undefined =>
    explore({ memory: new ModelMemory(64), threads: [({ memory }) => a(memory), ({ memory }) => b(memory)] }).failure
      ?.kind;

  it('are found between views of different element sizes over the same bytes', () => {
    expect(
      kindOf(
        (m) => (m.int32[1] = 1),
        (m) => m.uint8[7],
      ),
    ).toBe('data-race');
    expect(
      kindOf(
        (m) => (m.view('bigint64')[0] = 1n),
        (m) => m.view('int16', 6, 1)[0],
      ),
    ).toBe('data-race');
  });

  it('are not seen between neighbouring bytes of one word', () => {
    expect(
      kindOf(
        (m) => (m.uint8[4] = 1),
        (m) => (m.uint8[5] = 1),
      ),
    ).toBeUndefined();
    expect(
      kindOf(
        (m) => (m.uint8[4] = 1),
        (m) => (m.view('int16')[3] = 1),
      ),
    ).toBeUndefined();
  });

  it('are found between bulk operations that overlap, and only then', () => {
    expect(
      kindOf(
        (m) => m.uint8.fill(1, 0, 9),
        (m) => m.uint8.slice(8, 16),
      ),
    ).toBe('data-race');
    expect(
      kindOf(
        (m) => m.uint8.fill(1, 0, 8),
        (m) => m.uint8.slice(8, 16),
      ),
    ).toBeUndefined();
    expect(
      kindOf(
        (m) => m.uint8.copyWithin(0, 32, 40),
        (m) => m.int32[8],
      ),
    ).toBeUndefined();
    expect(
      kindOf(
        (m) => m.uint8.copyWithin(0, 32, 40),
        (m) => (m.int32[8] = 1),
      ),
    ).toBe('data-race');
    expect(
      kindOf(
        (m) => m.uint8.set(m.uint8.subarray(32, 40)),
        (m) => (m.int32[8] = 1),
      ),
    ).toBe('data-race');
  });

  it('are found between a plain and an atomic access, and between atomics of different sizes', () => {
    expect(
      kindOf(
        (m) => m.int32[0],
        (m) => Atomics.store(m.int32, 0, 1),
      ),
    ).toBe('data-race');
    expect(
      kindOf(
        (m) => (m.int32[0] = 1),
        (m) => Atomics.load(m.int32, 0),
      ),
    ).toBe('data-race');
    expect(
      kindOf(
        (m) => Atomics.store(m.uint8, 0, 1),
        (m) => Atomics.load(m.int32, 0),
      ),
    ).toBe('data-race');
    expect(
      kindOf(
        (m) => Atomics.store(m.int32, 0, 1),
        (m) => Atomics.load(m.int32, 0),
      ),
    ).toBeUndefined();
  });

  it('are not made up where a release and an acquire order the accesses', () => {
    const publish = (m: ModelMemory): void => {
      m.view('float64', 8, 1)[0] = 1.5;
      Atomics.store(m.view('int8'), 0, 1);
    };
    const consume = (m: ModelMemory): unknown =>
      Atomics.load(m.view('int8'), 0) === 1 ? m.view('float64', 8, 1)[0] : 0;
    expect(kindOf(publish, consume)).toBeUndefined();
  });

  it('are not hidden by a pause, which orders nothing', () => {
    const write = (m: ModelMemory): void => {
      Atomics.store(m.int32, 0, 1);
      m.int32[1] = 1;
    };
    const read = (m: ModelMemory): unknown => {
      while (Atomics.load(m.int32, 0) === 0) Atomics.pause();
      return m.int32[1];
    };
    expect(kindOf(write, read)).toBe('data-race');
  });

  it('can be declared deliberate, place by place', () => {
    const values = new Set<unknown>();
    const result = explore({
      memory: new ModelMemory(64),
      racy: (byteOffset) => byteOffset === 0,
      threads: {
        writer: ({ memory }) => {
          memory.int32[0] = 1;
          memory.int32[0] = 2;
        },
        reader: ({ memory }) => memory.int32[0],
      },
      check: ({ results }) => void values.add(results[1]),
    });
    assertProved(result);
    expect([...values].sort()).toEqual([0, 1, 2]);
  });

  it('can be declared deliberate for reads only', () => {
    const racy = (byteOffset: number): false | 'reads' => (byteOffset === 0 ? 'reads' : false);
    const reads: ThreadBody = ({ memory }) => void memory.int32[0];
    const loads: ThreadBody = ({ memory }) => void Atomics.load(memory.int32, 0);
    const writes: ThreadBody = ({ memory }) => void (memory.int32[0] = 1);
    const stores: ThreadBody = ({ memory }) => void Atomics.store(memory.int32, 0, 1);
    const ends = (left: ThreadBody, right: ThreadBody): string | undefined =>
      explore({ memory: new ModelMemory(64), racy, threads: { left, right } }).failure?.kind;
    expect(ends(reads, stores)).toBeUndefined();
    expect(ends(reads, writes)).toBeUndefined();
    expect(ends(loads, writes)).toBe('data-race');
    expect(ends(stores, writes)).toBe('data-race');
    expect(ends(writes, writes)).toBe('data-race');
  });
});

it('treats other shared memory as the private heap of a thread', () => {
  const thread: ThreadBody = ({ memory }) => {
    const own = new Int32Array(new SharedArrayBuffer(8));
    Atomics.add(own, 0, 1);
    Atomics.add(memory.int32, 0, 1);
    Atomics.add(own, 0, 1);
    expect(Atomics.wait(own, 0, 9, 5)).toBe('not-equal');
    expect(Atomics.notify(own, 0)).toBe(0);
    return Atomics.load(own, 0);
  };
  const result = explore({
    memory: new ModelMemory(8),
    threads: [thread, thread],
    check: ({ results }) => expect(results).toEqual([2, 2]),
  });
  assertProved(result);
});

it('knows atomics on views that the code under test makes itself from memory.buffer', () => {
  const memory = new ModelMemory(64);
  const add: ThreadBody = () => Atomics.add(new Int32Array(memory.buffer), 3, 1);
  const result = explore({
    memory,
    threads: [add, add],
    check: ({ results }) => expect([...results].sort()).toEqual([0, 1]),
  });
  assertProved(result);
  expect(result.executions).toBe(2);
});

it('refuses a memory whose size is no positive multiple of 8', () => {
  expect(() => new ModelMemory(12)).toThrow(RangeError);
});
