// Where a single lock lies, and how another agent gets there.

import type { LockKind } from '@zsmalloc/core/strategy';
import { ZsmallocError, createAgent } from '@zsmalloc/core/words';
import type { Agent, AgentIndex, WordIndex } from '@zsmalloc/core/words';

/** Plain data that names a lock; survives `postMessage`. Code does not: `attach` must be called on the same class. */
export interface LockDescriptor {
  readonly lock: string;
  /** Raised when a word changes its meaning. */
  readonly version: number;
  readonly buffer: SharedArrayBuffer;
  /** Counted from the start of the buffer. */
  readonly word: WordIndex;
}

/** One lock as one agent sees it. */
export interface LockPlace {
  readonly agent: Agent;
  readonly word: WordIndex;
}

/** A lock that can be described: its name in descriptors, and what it is made of. */
export interface LockFormat {
  readonly lock: string;
  readonly version: number;
  readonly kind: LockKind<unknown>;
}

/** Makes memory for one lock. All zero is unlocked. */
export function createPlace(format: LockFormat, agentIndex: AgentIndex): LockPlace {
  const words = new Int32Array(new SharedArrayBuffer(format.kind.words * Int32Array.BYTES_PER_ELEMENT));
  return { agent: createAgent(words, agentIndex), word: 0 };
}

export function describePlace(format: LockFormat, { words }: Agent, word: WordIndex): LockDescriptor {
  const { buffer, byteOffset } = words;
  return {
    lock: format.lock,
    version: format.version,
    buffer: buffer as SharedArrayBuffer,
    word: byteOffset / Int32Array.BYTES_PER_ELEMENT + word,
  };
}

/** @throws ERR_ZS_ATTACH_STRATEGY when it names another lock, ERR_ZS_ATTACH_DESCRIPTOR when the lock is not in its buffer. */
export function attachPlace(format: LockFormat, descriptor: LockDescriptor, agentIndex: AgentIndex): LockPlace {
  const { lock, version, buffer, word } = descriptor;
  if (lock !== format.lock || version !== format.version) {
    throw new ZsmallocError(
      'ERR_ZS_ATTACH_STRATEGY',
      `cannot attach to the lock: it is a ${lock} version ${version}, not a ${format.lock} version ${format.version}. Attach with its own class, in the same version.`,
      { lock, version, lockExpected: format.lock, versionExpected: format.version },
    );
  }
  const shared = buffer instanceof SharedArrayBuffer;
  const wordCount = shared ? Math.floor(buffer.byteLength / Int32Array.BYTES_PER_ELEMENT) : 0;
  if (!Number.isInteger(word) || word < 0 || word + format.kind.words > wordCount) {
    throw new ZsmallocError(
      'ERR_ZS_ATTACH_DESCRIPTOR',
      `cannot attach to the ${lock}: ${shared ? `word ${word} is not inside its ${wordCount} words` : 'its buffer is not a SharedArrayBuffer'}. Pass the descriptor as it was made.`,
      { word, wordCount },
    );
  }
  return { agent: createAgent(new Int32Array(buffer), agentIndex), word };
}
