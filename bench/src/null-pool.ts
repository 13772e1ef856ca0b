// A pool without an allocator and without a lock: every object has a frame of its own. It answers one question: how fast
// is the harness when the pool costs nothing? Frames are never scarce, never move, and bring no safety at all.

import type { CompactResult, Pool } from '@zsmalloc/core';
import { check } from './checks.ts';

/** What a replay needs of a pool. */
export type ReplayPool = Pick<
  Pool,
  | 'bytes'
  | 'tryMalloc'
  | 'free'
  | 'write'
  | 'readBegin'
  | 'readEnd'
  | 'readLength'
  | 'readFirstBytes'
  | 'readSecondOffset'
  | 'compact'
  | 'detach'
>;

/** Where the frames are; plain data for `workerData`. */
export interface NullPoolDescriptor {
  readonly kind: 'null-pool';
  readonly frames: SharedArrayBuffer;
  readonly lengths: SharedArrayBuffer;
  /** Frames of each agent. */
  readonly framesPerAgent: number;
}

const FRAME_BYTES = 4096;
/**
 * Frames of each agent beyond one for each object. What an agent stores and another frees is a random walk: a standard deviation of
 * 16,384 comes after some 2 * 10^9 operations of a replay. Frames that are never used take address space alone.
 */
const FRAMES_SPARE = 16_384;
const NOTHING: CompactResult = { ran: true, movedObjects: 0, movedBytes: 0, freedPages: 0, skippedZspages: 0 };

/** @param objects Most that there are at a time. */
export function createNullPool(agents: number, objects: number): NullPoolDescriptor {
  const framesPerAgent = objects + FRAMES_SPARE;
  const frames = (agents * framesPerAgent + 1) * FRAME_BYTES;
  return {
    kind: 'null-pool',
    frames: new SharedArrayBuffer(frames),
    lengths: new SharedArrayBuffer((agents * framesPerAgent + 1) * 4),
    framesPerAgent,
  };
}

/** Agent `agent`'s side. A freed frame stays with the agent that freed it. */
export class NullPool implements ReplayPool {
  readonly bytes: Uint8Array;
  readonly readSecondOffset = 0;
  readLength = 0;
  readFirstBytes = 0;
  readonly #lengths: Int32Array;
  readonly #stock: number[];

  constructor(descriptor: NullPoolDescriptor, agent: number) {
    this.bytes = new Uint8Array(descriptor.frames);
    this.#lengths = new Int32Array(descriptor.lengths);
    const first = agent * descriptor.framesPerAgent + 1;
    this.#stock = Array.from({ length: descriptor.framesPerAgent }, (_, index) => first + index);
  }

  tryMalloc(sizeBytes: number): number {
    const frame = this.#stock.pop();
    check(frame !== undefined, 'the harness pool ran out of frames: one worker stored far more than it freed.');
    this.#lengths[frame] = sizeBytes;
    return frame;
  }

  free(handle: number): void {
    this.#stock.push(handle);
  }

  write(handle: number, source: Uint8Array): void {
    this.bytes.set(source, handle * FRAME_BYTES);
  }

  readBegin(handle: number): number {
    this.readLength = this.#lengths[handle]!;
    this.readFirstBytes = this.readLength;
    return handle * FRAME_BYTES;
  }

  readEnd(): void {}

  compact(): CompactResult {
    return NOTHING;
  }

  detach(): void {}
}
