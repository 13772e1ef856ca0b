// What the program is told of a pool: tables of its classes, for all agents, and each agent's numbers and addresses.
//
// LAYOUT, behind the pool's bytes
//   tables     ready word, then the tables, each on 8 bytes: the same for all agents. Whoever comes first writes them
//   agents     AGENT_BYTES for each number of an agent: the setup words, then what a read has found

import type { KernelHost } from '@zsmalloc/core/kernels';

const AGENT_BYTES = 256;
const FOUND_BYTES = 192;
const AGENTS = 256;
/** Enough for 64 KiB pages in chains of 16. */
const TABLES_BYTES: number = 2 ** 16;
/** Bytes behind the pool. */
export const SETUP_BYTES: number = TABLES_BYTES + AGENTS * AGENT_BYTES;

const VALUES = ['me', 'key', 'indexBits', 'cellMask', 'huge', 'keepCells', 'roomMask', 'pagesMax'] as const;
const WORDS = [
  ...(['alarm', 'disturbed', 'pool', 'locks', 'lockStride', 'classes', 'classStride', 'pages', 'pageStride'] as const),
  ...(['zspages', 'zspageStride', 'zspageUsage', 'zspageFreeHead', 'directory', 'groupMask', 'groupHeads'] as const),
  ...([
    'inuse',
    'bytesLow',
    'cellHead',
    'cellTail',
    'cellCount',
    'pending',
    'lookup',
    'read',
    'mark',
    'lastMalloc',
  ] as const),
];
const TABLES = ['ofRequest', 'sizeBytes', 'groups', 'groupBase'] as const;

/** Where an agent's setup words begin, in bytes, and where its reads say what they found. */
export interface Setup {
  readonly at: number;
  readonly found: Int32Array;
}

/** How the readers of a strategy protect what they find. */
export interface Protocol {
  readonly version: number;
  readonly hasPoolLock: number;
  readonly hasMarks: number;
  /** A reader in the word of a zspage. */
  readonly reader: number;
}

/** Writes what the program is told. The order is that of `setup` in ../assembly/kernels.ts. */
export function writeSetup(host: KernelHost, { hasPoolLock, hasMarks, reader }: Protocol): Setup {
  const { poolBytes, agent, words, values } = host;
  const { buffer } = host.memory;
  const base = Math.ceil(poolBytes / 8) * 8;
  const tables = writeTables(host, base);
  const at = base + TABLES_BYTES + agent * AGENT_BYTES;
  const found = at + FOUND_BYTES;
  const told = [
    hasPoolLock,
    hasMarks,
    reader,
    ...VALUES.map((name) => values[name]),
    ...WORDS.map((name) => words[name] * 4),
    ...tables,
    found,
  ];
  new Int32Array(buffer, at, told.length).set(told);
  return { at, found: new Int32Array(buffer, found, 3) };
}

/** Addresses of the tables, in the order of TABLES. */
function writeTables({ memory, tables }: KernelHost, base: number): number[] {
  const { buffer } = memory;
  const ready = new Int32Array(buffer, base, 1);
  // order: acquire, pairs with the store below. Who finds 0 writes what others may be writing: the same.
  const isReady = Atomics.load(ready, 0) === 1;
  let at = base + 8;
  const places = TABLES.map((name) => {
    const table = tables[name];
    const place = at;
    if (!isReady) {
      const bytes = new Uint8Array(table.buffer, table.byteOffset, table.byteLength);
      new Uint8Array(buffer, place, table.byteLength).set(bytes);
    }
    at += Math.ceil(table.byteLength / 8) * 8;
    return place;
  });
  // order: release, pairs with the load above.
  Atomics.store(ready, 0, 1);
  return places;
}
