import { expect, it } from 'vitest';
import { ModelMemory, assertProved, explore } from '@zsmalloc/explorer';

it('runs the finally block of a parked thread once, when the thread gets there', () => {
  const memory = new ModelMemory(64);
  const body = ({ memory: { int32 } }: { memory: ModelMemory }): void => {
    try {
      Atomics.add(int32, 0, 1);
      Atomics.add(int32, 0, 1);
    } finally {
      Atomics.add(int32, 1, 1);
    }
  };

  const result = explore({
    memory,
    threads: [body, body, body],
    check: ({ memory: { int32 } }) => {
      if (int32[1] !== 3) throw new Error(`finally ran ${int32[1]} times, not 3`);
    },
  });

  expect(result.executions).toBeGreaterThan(1);
  assertProved(result);
});
