import { assertProved } from '@zsmalloc/explorer';
import { describe, expect, it } from 'vitest';
import { rcu } from '../src/index.ts';
import { explorePool, findsNothing } from './pool-programs.ts';
import type { Role } from './pool-programs.ts';

/** A class whose slots divide the page; its payload is two words. */
const SLOT_BYTES = 2048;
const LENGTH = 2032;
const OLD = 5;
const NEW = 9;

const fill = (value: number): Uint8Array => new Uint8Array(LENGTH).fill(value);

const setup = (pool: { malloc(n: number): number; write(h: number, b: Uint8Array): void }): number[] => {
  const handles = [pool.malloc(LENGTH), pool.malloc(LENGTH)];
  for (const handle of handles) pool.write(handle, fill(OLD));
  return handles;
};

const read: Role = (pool, [handle], { assert }) => {
  let offset = 0;
  if (findsNothing(() => void (offset = pool.readBegin(handle!)))) return;
  const first = pool.bytes[offset];
  const last = pool.bytes[offset + LENGTH - 1];
  assert(first === OLD && last === OLD, `a reader sees ${first} and ${last}`);
  pool.readEnd(offset);
};

const freeAndReuse: Role = (pool, [handle]) => {
  pool.free(handle!);
  pool.bound.reclaim(false);
  pool.write(pool.malloc(LENGTH), fill(NEW));
};

describe('rcu, whole calls of two agents, in every schedule', () => {
  it('a read beside a free whose slot is used again', () => {
    const result = explorePool({ strategy: rcu, setup, roles: { reader: read, writer: freeAndReuse } }, SLOT_BYTES);
    console.log(result.report);
    assertProved(result);
  });
});
