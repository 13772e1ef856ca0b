// All interleavings of an agent that blocks and one that awaits, through the AsyncWaits that ships. Its timer is left out: a
// wait that only the clock would end shows as a deadlock.

import { describe, expect, it } from 'vitest';
import { ModelMemory, exploreAsync } from '../../explorer/dist/index.js';
import type { ExploreResult, ThreadContext } from '../../explorer/dist/index.js';
import { AsyncWaits } from '../src/async-waits.ts';
import { FOR_WRITE } from '../src/lot.ts';
import { DATA, LOCK, ROLES, Side, WORDS } from './model.ts';

class UntimedWaits extends AsyncWaits {
  protected override startTimer(): void {}
}

class DeafWaits extends UntimedWaits {
  protected override hear(): void {}
}

/** An AbortController whose listeners run in the caller: what they throw belongs to the explorer, not to an event. */
class Aborter {
  readonly aborted = false;
  readonly reason = 'aborted';
  abort = (): void => {};

  addEventListener(_type: string, listener: () => void): void {
    this.abort = listener;
  }

  removeEventListener(): void {}
}

/** Awaits the lock with the given calls at once; those in upper case write, those marked with ! are aborted. */
async function awaits(context: ThreadContext, calls: readonly string[], Waits: typeof AsyncWaits): Promise<number> {
  const side = new Side(context, {});
  const waits = new Waits(side.locks, LOCK);
  const pending = calls.map(async (call) => {
    const writes = call.startsWith('W');
    const aborter = new Aborter();
    const signal = aborter as unknown as AbortSignal;
    const wait = waits.wait(writes ? FOR_WRITE : 0, { signal }, () => true);
    if (call.endsWith('!')) aborter.abort();
    const granted = await wait.catch(() => false);
    if (!granted) return 0;
    if (writes) {
      side.change();
      side.locks.writeUnlock(LOCK);
      return 1;
    }
    side.look();
    side.locks.readUnlock(LOCK);
    return 0;
  });
  const changes = await Promise.all(pending);
  if (waits.pending !== 0) throw new Error('a call is still pending');
  return changes.reduce<number>((sum, change) => sum + change, 0);
}

const CASES: readonly (readonly [blocking: string, calls: string])[] = [
  ['W', 'R'],
  ['W', 'W'],
  ['R', 'W'],
  ['W', 'W!'],
  ['R', 'W!'],
  ['W', 'R!'],
  ['W', 'R R'],
  ['W', 'W R'],
  ['R', 'W R'],
  ['W', 'W! R'],
  ['R', 'W! R'],
  ['R', 'W W!'],
  ['D', 'W'],
  ['D', 'R'],
];

function exploreAwaits(blocking: string, calls: string, Waits: typeof AsyncWaits): Promise<ExploreResult> {
  const memory = new ModelMemory(Math.ceil(WORDS / 2) * 8);
  return exploreAsync({
    memory,
    threads: {
      blocks: (context: ThreadContext) => ROLES[blocking]!(new Side(context, {})),
      awaits: (context: ThreadContext) => awaits(context, calls.split(' '), Waits),
    },
    timeLimitMs: 60_000,
    check: ({ results }) => {
      const changes = (results as (number | undefined)[]).reduce<number>((sum, change) => sum + (change ?? 0), 0);
      if (memory.int32[DATA] !== changes) throw new Error(`${memory.int32[DATA]} changes are there, not ${changes}`);
      if (memory.int32[LOCK] !== 0) throw new Error(`the lock word was left at ${memory.int32[LOCK]}`);
    },
  });
}

describe('one agent blocks and one awaits, all schedules', () => {
  it.each(CASES)('%s beside %s', async (blocking, calls) => {
    const result = await exploreAwaits(blocking, calls, UntimedWaits);
    expect(result.verdict, result.report).toBe('proved');
  });

  it('an await that does not listen is caught', async () => {
    const result = await exploreAwaits('W', 'R', DeafWaits);
    expect(result.verdict, result.report).toBe('failed');
  });
});
