// What the agents of the pool programs do, and how their pools are set up.

import type { AgentPool } from '../../core/src/pool.ts';
import type { PoolProgram, Role } from './pool-programs.ts';
import { findsNothing } from './pool-programs.ts';

/** A class whose slots divide the page, two to a zspage. */
export const SLOT_BYTES = 2048;
const LENGTH = 2032;
const PAGE_BYTES = 4096;
const OLD = 5;
const NEW = 9;
export const OTHER = 3;

export type Setup = PoolProgram['setup'];

const filled = (value: number, length = LENGTH): Uint8Array => new Uint8Array(length).fill(value);

function mallocs(pool: AgentPool, count: number): number[] {
  const handles = Array.from({ length: count }, () => pool.malloc(LENGTH));
  for (const handle of handles) pool.write(handle, filled(OLD));
  return handles;
}

/** Two objects that fill a zspage. */
export const oneZspage: Setup = (pool) => mallocs(pool, 2);

/** One object in each of two zspages: compaction moves one of them. */
export const twoHalves: Setup = (pool) => {
  const [a, b, c, d] = mallocs(pool, 4) as [number, number, number, number];
  pool.free(b);
  pool.free(d);
  pool.bound.reclaim(false);
  pool.verify();
  return [a, c];
};

/** Reads an object's first and last byte in one read section. */
const readOne = (pool: AgentPool, handle: number, { assert }: Parameters<Role>[2]): void => {
  let offset = 0;
  if (findsNothing(() => void (offset = pool.readBegin(handle)))) return;
  const first = pool.bytes[offset];
  const last = pool.bytes[offset + LENGTH - 1];
  assert(first === OLD && last === OLD, `a reader sees ${first} and ${last}`);
  pool.readEnd(offset);
};

export const read: Role = (pool, [handle], context) => {
  readOne(pool, handle!, context);
  endTurn(pool);
};

export const readBoth: Role = (pool, handles, context) => {
  for (const handle of handles) readOne(pool, handle, context);
  endTurn(pool);
};

/** Stands for the end of the turn, which sync threads do not have. */
const endTurn = (pool: AgentPool): void =>
  (pool.bound as unknown as { reclamation: { quiescent(): void } }).reclamation.quiescent();

/** Uses the first free slot again, and a whole page if there is one. */
const reuse = (pool: AgentPool): void => {
  pool.write(pool.malloc(LENGTH), filled(NEW));
};

export const freeAndReuse: Role = (pool, [handle]) => {
  if (findsNothing(() => pool.free(handle!))) return;
  pool.bound.reclaim(false);
  reuse(pool);
};

/** Moves what can be moved, and fills the page that this has freed. */
export const compactAndReuse: Role = (pool) => {
  const { freedPages } = pool.compact();
  if (freedPages > 0) pool.write(pool.malloc(PAGE_BYTES), filled(NEW, PAGE_BYTES));
};

/** Moves the page of the objects away, and fills it again. */
export const migrateAndReuse: Role = (pool) => {
  const page = firstObjectPage(pool);
  if (pool.migratePage(page).result !== 'migrated') return;
  if (pool.bound.reclaim(false) > 0) pool.write(pool.malloc(PAGE_BYTES), filled(NEW, PAGE_BYTES));
};

/** Two migrations in a row: the second finds the page of the first in limbo, unless its readers have gone. */
export const migrateTwice: Role = (pool) => {
  const { page } = pool.migratePage(firstObjectPage(pool));
  pool.migratePage(page);
  pool.bound.reclaim(false);
};

export const writeOld: Role = (pool, [handle]) => {
  findsNothing(() => pool.write(handle!, filled(OTHER)));
};

export const hold: Role = (pool, [handle], { assert }) => {
  let held: ReturnType<AgentPool['hold']> | undefined;
  if (findsNothing(() => void (held = pool.hold(handle!)))) return;
  const [bytes] = held!.segments;
  const first = bytes![0];
  const last = bytes![LENGTH - 1];
  assert(first === OLD && last === OLD, `a holder sees ${first} and ${last}`);
  held!.release();
};

/** Handed-out pages start behind the page of cells: the setup's first object is in the second one. */
function firstObjectPage(pool: AgentPool): number {
  const { plan } = (pool as unknown as { state: { plan: { firstPage: number } } }).state;
  return plan.firstPage + 1;
}

/** Every byte of an object, read after all agents have ended. */
export function contentOf(pool: AgentPool, handle: number): Set<number> {
  return pool.read(handle, (bytes) => new Set(bytes));
}
