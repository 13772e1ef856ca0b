// Time of a compaction over the time of copying the same bytes from the same places to the same places with copyWithin.
//
// The object stream of bench/data is stored and half of it freed. Where each object that is left lies before and after the
// compaction is noted; the moves are then repeated as plain copies in a buffer of the same size and alignment. Either
// buffer has been touched before. The copies are the bound: they neither look for objects nor publish them.

import { createPool } from '@zsmalloc/core';
import type { Handle, Pool } from '@zsmalloc/core';
import type { Strategy } from '@zsmalloc/core/strategy';
import { check } from './checks.ts';
import { readStream } from './density.ts';
import { settle } from './settle.ts';
import { shuffled } from './random.ts';
import type { Random } from './random.ts';
import { median } from './statistics.ts';

/** What was measured, in nanoseconds for each byte moved. */
export interface CopyResult {
  readonly compactNsPerByte: number;
  readonly copyNsPerByte: number;
  readonly ratio: number;
  readonly objectsMoved: number;
}

const POOL_BYTES = 16 * 2 ** 20;
const OBJECTS = 4000;
/** Rounds whose median counts, and those before them: V8 takes 30 to compile what a compaction runs. */
const ROUNDS = 40;
const WARM_UP_ROUNDS = 40;

/** Where objects begin, by handle. */
function places(pool: Pool, handles: readonly Handle[]): Map<Handle, number> {
  return new Map(
    handles.map((handle) => {
      const offset = pool.readBegin(handle);
      pool.readEnd(offset);
      return [handle, offset] as const;
    }),
  );
}

interface Round {
  readonly compactMs: number;
  readonly copyMs: number;
  readonly movedBytes: number;
  readonly movedObjects: number;
}

async function runRound(pool: Pool, sizes: readonly number[], copies: Uint8Array, random: Random): Promise<Round> {
  const all = shuffled(
    sizes.map((size) => ({ handle: pool.malloc(size), size })),
    random,
  );
  const half = all.length >> 1;
  for (const { handle } of all.slice(0, half)) pool.free(handle);
  // The garbage of the frees is not compaction's.
  await settle(pool);
  const kept = all.slice(half);
  const handles = kept.map(({ handle }) => handle);
  const before = places(pool, handles);
  const startMs = performance.now();
  const { movedBytes, movedObjects } = pool.compact();
  const compactMs = performance.now() - startMs;
  const after = places(pool, handles);
  const moves: number[] = [];
  for (const { handle, size } of kept) {
    const [from, to] = [before.get(handle)!, after.get(handle)!];
    if (from !== to) moves.push(from, to, size);
  }
  // A round of compaction may move an object twice; what it moved in all is repeated as often as it takes.
  let bytes = 0;
  for (let at = 2; at < moves.length; at += 3) bytes += moves[at]!;
  check(
    bytes > 0 && bytes <= movedBytes,
    `compaction says that it moved ${movedBytes} bytes, ${bytes} were found moved.`,
  );
  const copyStartMs = performance.now();
  for (let at = 0; at < moves.length; at += 3) {
    const from = moves[at]!;
    copies.copyWithin(moves[at + 1]!, from, from + moves[at + 2]!);
  }
  const copyMs = ((performance.now() - copyStartMs) * movedBytes) / bytes;
  for (const handle of handles) pool.free(handle);
  await settle(pool);
  return { compactMs, copyMs, movedBytes, movedObjects };
}

/** Alternates compactions and copies; medians over the rounds. */
export async function measureCopy(strategy: Strategy, random: Random): Promise<CopyResult> {
  const pool = createPool({ bytes: POOL_BYTES, strategy });
  const copies = new Uint8Array(new SharedArrayBuffer(POOL_BYTES)).fill(1);
  const { sizes } = readStream();
  const some = Array.from(sizes.filter((size) => size > 0).subarray(0, OBJECTS));
  const rounds: Round[] = [];
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    const measured = await runRound(pool, some, copies, random);
    if (round >= 0) rounds.push(measured);
  }
  pool.verify();
  pool.detach();
  return {
    compactNsPerByte: median(rounds.map(({ compactMs, movedBytes }) => (compactMs * 1e6) / movedBytes)),
    copyNsPerByte: median(rounds.map(({ copyMs, movedBytes }) => (copyMs * 1e6) / movedBytes)),
    ratio: median(rounds.map(({ compactMs, copyMs }) => compactMs / copyMs)),
    objectsMoved: rounds.reduce((sum, { movedObjects }) => sum + movedObjects, 0),
  };
}
