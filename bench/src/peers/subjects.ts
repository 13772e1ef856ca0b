// The stores of the put-get workload, by subject.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { attachPool, createPool } from '@zsmalloc/core';
import type { Pool, PoolDescriptor } from '@zsmalloc/core';
import { ObjectTable } from '../object-table.ts';
import { HARNESS_ID, loadStrategy, strategyIdOf } from '../strategies.ts';
import { KEYS } from './store.ts';
import type { AsyncStore, Store } from './store.ts';
import type { ThingStoreDescriptor } from './thing-store.ts';

/** Ids of the subjects that are no strategies. */
export const MAP_WORKER = 'map-worker';
export const LMDB = 'lmdb';
export const THING_SPIN = 'thing-spin';
export const THING_ATOMICS = 'thing-atomics';

/** From which a worker makes its side. All but the port is plain data; the port is transferred. */
export type StoreDescriptor =
  | {
      readonly kind: 'pool';
      readonly strategyId: string;
      readonly pool: PoolDescriptor;
      readonly table: SharedArrayBuffer;
    }
  | { readonly kind: 'thing'; readonly thing: ThingStoreDescriptor }
  | { readonly kind: 'map'; readonly port: MessagePort }
  | { readonly kind: 'lmdb'; readonly folder: string }
  | { readonly kind: 'empty' };

/** A side of a store, and which kind of steps it takes. */
export type AnyStore =
  | { readonly later: false; readonly store: Store }
  | { readonly later: true; readonly store: AsyncStore };

/** Nothing is stored: what the workload costs by itself. */
class EmptyStore implements Store {
  put(): void {}

  get(): number {
    return -1;
  }

  remove(): boolean {
    return false;
  }

  usedBytes(): null {
    return null;
  }

  close(): void {}
}

/** The main agent's side. */
export interface StoreMaker {
  readonly own: AnyStore;
  /** Null for everything but pools. */
  readonly pool: Pool | null;
  /** For one worker. */
  connect(): StoreDescriptor;
  /** When all have closed theirs. */
  close(): Promise<void>;
}

/** Room over the bytes stored: fragmentation, tables, garbage of deferred frees, and slow readers. */
const ROOM = 4;
const BYTES_MIN = 2 ** 23;

async function done(): Promise<void> {}

async function createPoolStore(subject: string, bytes: number): Promise<StoreMaker> {
  const { PoolStore } = await import('./pool-store.ts');
  const pool = createPool({ bytes, strategy: await loadStrategy(strategyIdOf(subject)) });
  const table = ObjectTable.create(KEYS).buffer;
  const store = new PoolStore(pool, table);
  const descriptor: StoreDescriptor = {
    kind: 'pool',
    strategyId: strategyIdOf(subject),
    pool: pool.descriptor(),
    table,
  };
  return { own: { later: false, store }, pool, connect: () => descriptor, close: done };
}

async function createThingStore(kind: ThingStoreDescriptor['kind'], bytes: number): Promise<StoreMaker> {
  const { ThingStore } = await import('./thing-store.ts');
  const store = ThingStore.create(kind, bytes);
  const connect = (): StoreDescriptor => ({ kind: 'thing', thing: store.descriptor() });
  return { own: { later: false, store }, pool: null, connect, close: done };
}

async function createMapStore(): Promise<StoreMaker> {
  const { MapServer, MapStore } = await import('./map-store.ts');
  const server = new MapServer();
  const store = new MapStore(server.connect());
  const connect = (): StoreDescriptor => ({ kind: 'map', port: server.connect() });
  return { own: { later: true, store }, pool: null, connect, close: () => server.close() };
}

async function createLmdbStore(): Promise<StoreMaker> {
  const { LmdbStore } = await import('./lmdb-store.ts');
  const folder = mkdtempSync(join(tmpdir(), 'zsmalloc-lmdb-'));
  const store = new LmdbStore(folder);
  const close = async (): Promise<void> => rmSync(folder, { recursive: true, force: true });
  return { own: { later: false, store }, pool: null, connect: () => ({ kind: 'lmdb', folder }), close };
}

export async function createStore(subject: string, sizeBytes: number): Promise<StoreMaker> {
  const bytes = Math.max(BYTES_MIN, KEYS * sizeBytes * ROOM);
  if (subject === HARNESS_ID) {
    const store = new EmptyStore();
    return { own: { later: false, store }, pool: null, connect: () => ({ kind: 'empty' }), close: done };
  }
  if (subject === THING_SPIN) return createThingStore('spin', bytes);
  if (subject === THING_ATOMICS) return createThingStore('atomics', bytes);
  if (subject === MAP_WORKER) return createMapStore();
  if (subject === LMDB) return createLmdbStore();
  return createPoolStore(subject, bytes);
}

/** A worker's side. @param index From 0. */
export async function attachStore(descriptor: StoreDescriptor, index: number): Promise<AnyStore> {
  switch (descriptor.kind) {
    case 'empty':
      return { later: false, store: new EmptyStore() };
    case 'thing':
      return { later: false, store: (await import('./thing-store.ts')).ThingStore.attach(descriptor.thing, index) };
    case 'map':
      return { later: true, store: new (await import('./map-store.ts')).MapStore(descriptor.port) };
    case 'lmdb':
      return { later: false, store: new (await import('./lmdb-store.ts')).LmdbStore(descriptor.folder) };
    case 'pool': {
      const pool = attachPool(descriptor.pool, { strategies: [await loadStrategy(descriptor.strategyId)] });
      return { later: false, store: new (await import('./pool-store.ts')).PoolStore(pool, descriptor.table) };
    }
  }
}
