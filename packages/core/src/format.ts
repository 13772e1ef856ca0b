// A pool's buffer: how it is made, and how an attaching agent knows that it can use it.

import type { PoolDescriptor } from './api.ts';
import { ZsmallocError } from './errors.ts';
import type { ErrorCode } from './errors.ts';
import type { Kernels } from './kernels.ts';
import { planPool } from './layout/plan.ts';
import type { PoolPlan } from './layout/plan.ts';
import { FORMAT, HEADER, LAYOUT_HASH, MAGIC } from './layout/records.ts';
import { openMemory } from './state.ts';
import type { Memory } from './state.ts';
import type { Strategy } from './strategy/contract.ts';
import type { Words } from './words/agent.ts';

const { at } = HEADER;

/** Threshold of automatic compaction in the header: a share times this. */
export const SHARE_UNIT = 10_000;

/**
 * Allocates the buffer of a pool. Its pages are committed by the OS when they are first touched.
 *
 * @throws ERR_ZS_OPTION when the runtime has no buffer or no view of that size.
 */
export function allocateMemory(plan: PoolPlan, kernels?: Kernels): Memory {
  const bytes = plan.pages * plan.pageBytes;
  const own = kernels?.allocate(bytes);
  if (own !== undefined) return openMemory(own.buffer, bytes, own);
  try {
    return openMemory(new SharedArrayBuffer(bytes));
  } catch (error) {
    throw new ZsmallocError(
      'ERR_ZS_OPTION',
      `cannot create a pool of ${bytes} bytes: this runtime refuses such a SharedArrayBuffer or a Uint8Array over it (${(error as Error).message}). Ask for less; Node 20 stops at 4 GiB.`,
      { bytes },
    );
  }
}

/** Writes the header of a fresh, all-zero buffer. */
export function formatMemory(
  memory: Memory,
  plan: PoolPlan,
  strategy: Strategy,
  compactAbove: number,
  key: number,
): void {
  const { words } = memory;
  words[at.format] = FORMAT;
  words[at.layoutHash] = LAYOUT_HASH;
  words[at.strategyHash] = hashOf(strategy.id);
  words[at.strategyVersion] = strategy.version;
  words[at.key] = key;
  words[at.pageShift] = plan.pageShift;
  words[at.chainPages] = plan.chainPages;
  words[at.pages] = plan.pages;
  words[at.agentsMax] = plan.agentsMax;
  words.set(
    [plan.strategyWords.pool, plan.strategyWords.lock, plan.strategyWords.zspage, plan.strategyWords.agent],
    at.strategyWords,
  );
  words[at.cacheBytes] = plan.cacheBytes;
  words[at.classStepBytes] = plan.shape.stepBytes;
  words[at.compactAbove] = Math.ceil(compactAbove * SHARE_UNIT);
  words[at.pageFresh] = plan.firstPage;
  words[at.zspageFresh] = 1;
  words[at.cellFresh] = 1;
  // order: release, pairs with readPlan. A buffer that shows the magic number is complete.
  Atomics.store(words, at.magic, MAGIC);
}

/** Plain data that names a pool to another agent. */
export function describe(memory: Memory, strategy: Strategy): PoolDescriptor {
  const { id, version } = strategy;
  return {
    kind: 'zsmalloc-pool',
    format: FORMAT,
    layout: LAYOUT_HASH,
    strategy: { id, version },
    buffer: memory.buffer,
    ...(memory.kernelMemory !== undefined && { memory: memory.kernelMemory }),
  };
}

/** Finds the strategy that a descriptor names, and checks the descriptor before any memory is touched. */
export function matchStrategy<S extends Strategy>(descriptor: PoolDescriptor, offered: readonly S[]): S {
  if (
    descriptor?.kind !== 'zsmalloc-pool' ||
    !((descriptor.memory ?? descriptor).buffer instanceof SharedArrayBuffer) ||
    typeof descriptor.strategy?.id !== 'string'
  ) {
    refuse(
      'ERR_ZS_ATTACH_DESCRIPTOR',
      'this is not a pool descriptor',
      "Pass what the creating agent's pool.descriptor() returned.",
      String(descriptor?.kind),
      'zsmalloc-pool',
    );
  }
  checkFormat(descriptor.format, descriptor.layout);
  const { id, version } = descriptor.strategy;
  const found = offered.find((strategy) => strategy.id === id);
  if (found === undefined) {
    const ids = offered.map((strategy) => strategy.id).join(', ');
    refuse(
      'ERR_ZS_ATTACH_STRATEGY',
      `the pool uses strategy "${id}" and this agent offers ${ids || 'none'}`,
      'Offer the strategy that created the pool.',
      ids,
      id,
    );
  }
  if (found.version !== version) {
    refuse(
      'ERR_ZS_ATTACH_STRATEGY',
      `the pool uses version ${version} of strategy "${id}" and this agent has version ${found.version}`,
      'Load the same package version in all agents.',
      found.version,
      version,
    );
  }
  return found;
}

/** Recomputes the plan from the header, which is the truth, and checks it against the strategy. */
export function readPlan(memory: Memory, strategy: Strategy): PoolPlan {
  const { words, buffer, kernelMemory } = memory;
  // order: acquire, pairs with formatMemory.
  if (words.length < HEADER.words || Atomics.load(words, at.magic) !== MAGIC) {
    refuse(
      'ERR_ZS_ATTACH_FORMAT',
      'the buffer does not start with a pool header',
      'Pass the buffer of a pool, whole.',
      words[0] ?? 0,
      MAGIC,
    );
  }
  checkFormat(words[at.format]!, words[at.layoutHash]!);
  if (words[at.strategyHash] !== hashOf(strategy.id) || words[at.strategyVersion] !== strategy.version) {
    refuse(
      'ERR_ZS_ATTACH_STRATEGY',
      `the pool's header names another strategy than "${strategy.id}" version ${strategy.version}`,
      'Do not change descriptors.',
      strategy.id,
      words[at.strategyHash]!,
    );
  }
  const [pool, lock, zspage, agent] = words.subarray(at.strategyWords, at.strategyWords + 4) as unknown as [
    number,
    number,
    number,
    number,
  ];
  const plan = planPool({
    pageBytes: 1 << words[at.pageShift]!,
    chainPages: words[at.chainPages]!,
    classStepBytes: words[at.classStepBytes]!,
    pages: words[at.pages]!,
    agentsMax: words[at.agentsMax]!,
    strategyWords: { pool, lock, zspage, agent },
    cacheBytes: words[at.cacheBytes]!,
  });
  const bytes = plan.pages * plan.pageBytes;
  if (buffer.byteLength < bytes || (buffer.byteLength > bytes && kernelMemory === undefined)) {
    refuse(
      'ERR_ZS_ATTACH_FORMAT',
      'the buffer is not as long as its header says',
      'Pass the buffer of a pool, whole.',
      buffer.byteLength,
      bytes,
    );
  }
  return plan;
}

/** Share of freeable pages above which a free compacts, in 1/SHARE_UNIT; 0 for never. */
export function compactThreshold(words: Words): number {
  return words[at.compactAbove]!;
}

/** A random key: foreign handles are bad ones. 30 bits, not 0. */
export function randomKey(): number {
  return (globalThis.crypto.getRandomValues(new Uint32Array(1))[0]! >>> 2) | 1;
}

function checkFormat(format: number, layout: number): void {
  if (format !== FORMAT) {
    refuse(
      'ERR_ZS_ATTACH_FORMAT',
      `the pool has format ${format} and this package knows format ${FORMAT}`,
      'Load the same package version in all agents.',
      format,
      FORMAT,
    );
  }
  if (layout !== LAYOUT_HASH) {
    refuse(
      'ERR_ZS_ATTACH_LAYOUT',
      `the pool's records have hash ${layout} and this package's have ${LAYOUT_HASH}`,
      'Load the same package version in all agents.',
      layout,
      LAYOUT_HASH,
    );
  }
}

function refuse(
  code: ErrorCode,
  why: string,
  advice: string,
  found: number | string,
  expected: number | string,
): never {
  throw new ZsmallocError(code, `cannot attach: ${why}. ${advice}`, { found, expected });
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193);
  return hash & 0x7fffffff;
}
