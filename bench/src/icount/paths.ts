// The hot paths whose instructions are counted: each a loop around one public call or two, on a pool of one agent.
//
// A path knows nothing of the build that it runs: base and head are loaded by path, and only what both have is called.

/** What a path needs of a pool: the part of the API that no commit may change. */
export interface CountedPool {
  readonly bytes: Uint8Array;
  malloc(sizeBytes: number): number;
  free(handle: number): void;
  write(handle: number, source: Uint8Array): void;
  readInto(handle: number, target: Uint8Array): number;
  readBegin(handle: number): number;
  readEnd(offset: number): void;
}

/** Runs so many operations. */
export type Path = (count: number) => void;

const SIZE = 100;
const OBJECTS = 64;
const SLOTS = 1024;

function objectsOf(pool: CountedPool): number[] {
  return Array.from({ length: OBJECTS }, () => pool.malloc(SIZE));
}

function pair(pool: CountedPool): Path {
  // The class keeps a zspage: its coming and going is another path.
  objectsOf(pool);
  return (count) => {
    for (let done = 0; done < count; done++) pool.free(pool.malloc(SIZE));
  };
}

function larson(pool: CountedPool): Path {
  const slots = new Int32Array(SLOTS);
  let state = 7;
  return (count) => {
    for (let done = 0; done < count; done++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      const slot = (state >>> 10) & (SLOTS - 1);
      if (slots[slot] !== 0) pool.free(slots[slot]!);
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      slots[slot] = pool.malloc(16 + ((state >>> 12) % 497));
    }
  };
}

function read(pool: CountedPool): Path {
  const objects = objectsOf(pool);
  const target = new Uint8Array(SIZE);
  return (count) => {
    for (let done = 0; done < count; done++) pool.readInto(objects[done & (OBJECTS - 1)]!, target);
  };
}

function write(pool: CountedPool): Path {
  const objects = objectsOf(pool);
  const source = new Uint8Array(SIZE).fill(7);
  return (count) => {
    for (let done = 0; done < count; done++) pool.write(objects[done & (OBJECTS - 1)]!, source);
  };
}

function readPair(pool: CountedPool): Path {
  const objects = objectsOf(pool);
  const { bytes } = pool;
  let sum = 0;
  return (count) => {
    for (let done = 0; done < count; done++) {
      const offset = pool.readBegin(objects[done & (OBJECTS - 1)]!);
      sum = (sum + bytes[offset]!) | 0;
      pool.readEnd(offset);
    }
    if (sum === -1) throw new Error('a sum of bytes that are never negative is.');
  };
}

/** By id, in the order of the table. */
export const PATHS: Readonly<Record<string, (pool: CountedPool) => Path>> = {
  'malloc + free': pair,
  'larson step': larson,
  'readInto 100 B': read,
  'write 100 B': write,
  'readBegin + readEnd': readPair,
};
