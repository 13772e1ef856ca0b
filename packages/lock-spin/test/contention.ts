// Real workers on one lock, with two plain counters under it that must stay equal.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { sharedWords } from './agents.ts';

export type Role = 'mutex' | 'writer' | 'tryWriter' | 'reader' | 'meetingReader';

/** A built lock kind: workers import it by URL. */
export interface BuiltKind {
  readonly moduleUrl: string;
  readonly kindName: string;
}

export interface Outcome {
  /** The two counters. */
  readonly counters: readonly [number, number];
  /** Times a reader saw a half-done change, or missed the other reader. */
  readonly faults: number;
  /** The words of the lock after all agents have left. */
  readonly lockWords: number[];
}

// A cache line each, so that nothing but the lock makes agents wait for each other.
const PLACE = { lock: 0, first: 16, second: 32, meeting: 48, start: 64 };
/** Longest wait of a reader for the other: only a lock that excludes readers waits that long. */
const MEETING_MS = 30_000;

export async function contend(kind: BuiltKind, roles: Role[], rounds: number, waitMs = MEETING_MS): Promise<Outcome> {
  const words = sharedWords(80);
  words[PLACE.start] = roles.length;
  const faults = await Promise.all(
    roles.map(async (role, i) => {
      const workerData = { ...kind, words, index: i + 1, role, rounds, place: PLACE, waitMs };
      const worker = new Worker(new URL('contention.worker.mjs', import.meta.url), { workerData });
      // Both at once: a worker that ends soon delivers its message and its exit in the same turn.
      const [[count]] = await Promise.all([once(worker, 'message') as Promise<[number]>, once(worker, 'exit')]);
      return count;
    }),
  );
  return {
    counters: [words[PLACE.first], words[PLACE.second]],
    faults: faults.reduce((sum, count) => sum + count, 0),
    lockWords: Array.from(words.subarray(PLACE.lock, PLACE.first)).filter((word) => word !== 0),
  };
}
