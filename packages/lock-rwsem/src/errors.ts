// Errors of this package. Each says what could not be done, why, and what to do.

import { ZsmallocError } from '@zsmalloc/core/words';
import type { AgentIndex, WordIndex } from '@zsmalloc/core/words';
import { READERS_MAX, WRITER, ownerOf, readersOf } from './word.ts';

type Mode = 'reading' | 'writing';

function describe(word: number): string {
  if ((word & WRITER) !== 0) return `held for writing by agent ${ownerOf(word)}`;
  const readers = readersOf(word);
  return readers === 0 ? 'free' : `held for reading ${readers} times`;
}

/** Unlocking what this agent does not hold. */
export function notHeld(mode: Mode, lock: WordIndex, word: number, agent: AgentIndex): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_LOCK_MISUSE',
    `cannot unlock after ${mode}: agent ${agent} does not hold the lock at word ${lock}, which is ${describe(word)}. Unlock once for each lock, in the agent that locked.`,
    { lock, agent, word },
  );
}

/** Waiting for a lock that only this agent could release. */
export function waitsForItself(mode: Mode, lock: WordIndex, agent: AgentIndex): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_LOCK_MISUSE',
    `cannot lock for ${mode}: agent ${agent} holds the lock at word ${lock} itself, and would sleep until it unlocks it. Unlock first, or await the async form.`,
    { lock, agent },
  );
}

/** One read hold more than the word can count. */
export function tooManyReaders(lock: WordIndex): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_LOCK_MISUSE',
    `cannot lock for reading: the lock at word ${lock} has ${READERS_MAX} read holds already, which is all that it can count. Look for holds that are never released.`,
    { lock, readersMax: READERS_MAX },
  );
}

/** Having to sleep where that is not possible. */
export function wouldBlock(mode: Mode, lock: WordIndex, word: number, rounds: number): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_WOULD_BLOCK',
    `cannot lock for ${mode}: the lock at word ${lock} is ${describe(word)} after ${rounds} rounds of spinning, and this agent must not block. Await the async form, or try again in a later turn.`,
    { lock, rounds, word },
  );
}

/** A wait that was given up at its time limit. */
export function timedOut(mode: Mode, timeoutMs: number, word: number): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_LOCK_TIMEOUT',
    `cannot lock for ${mode}: not granted within ${timeoutMs} ms, and the lock is ${describe(word)}. Wait longer, or look for the hold that is not released.`,
    { timeoutMs, word },
  );
}

/** A queue that somebody else has written into. */
export function endlessQueue(node: number, steps: number): ZsmallocError {
  return new ZsmallocError(
    'ERR_ZS_CORRUPT',
    `cannot walk a queue of the parking lot: at node ${node}, after ${steps} steps, it has not ended. Something has written outside its objects: stop using this memory.`,
    { node, steps },
  );
}
