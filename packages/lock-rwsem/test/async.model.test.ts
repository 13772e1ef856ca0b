import { describe, expect, it } from 'vitest';
import { ModelMemory, exploreAsync } from '../../explorer/dist/index.js';
import { AsyncWaits } from '../src/async-waits.ts';
import { FOR_WRITE } from '../src/lot.ts';
import { DATA, LOCK, ROLES, Side, WORDS } from './model.ts';
it('x', async () => {
  for (const [first, abort] of [['R', false], ['W', false], ['W', true], ['R', true]] as const) {
  const memory = new ModelMemory(Math.ceil(WORDS / 2) * 8);
  const result = await exploreAsync({
    memory, timeLimitMs: 10000, timeouts: 'last-resort',
    threads: {
      sync: (c) => ROLES[first]!(new Side(c, {})),
      async: async (c) => {
        const side = new Side(c, {});
        const waits = new AsyncWaits(side.locks, LOCK);
        const controller = new AbortController();
        const p = waits.wait(FOR_WRITE, { signal: controller.signal }, () => 1).catch(() => 0);
        if (abort) controller.abort();
        if (await p === 0) return 0;
        side.change();
        side.locks.writeUnlock(LOCK);
        return 1;
      },
    },
    check: ({ results }) => {
      const sum = (results as number[]).reduce((a, b) => a + (b ?? 0), 0);
      if (memory.int32[DATA] !== sum) throw new Error(`${memory.int32[DATA]} changes, not ${sum}`);
      if (memory.int32[LOCK] !== 0) throw new Error('lock left ' + memory.int32[LOCK]);
    },
  } as any);
  console.log(first, abort, result.report);
  }
});
