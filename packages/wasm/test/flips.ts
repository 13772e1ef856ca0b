// Bytes of a pool's tables, cells and headers flipped at random beside kernels: what is called then ends, well or by a typed error.

import { createPool } from '@zsmalloc/core';
import type { Kernels, Pool } from '@zsmalloc/core';
import { HEADER } from '@zsmalloc/core/model';
import type { Strategy } from '@zsmalloc/core/strategy';
import { waitForNobody } from './movers.ts';

const POOL_BYTES = 2 ** 19;
const SIZES = [24, 40, 200, 600, 1360, 2040, 2700, 4000];
const CALLS = 6;

interface Subject {
  readonly pool: Pool;
  readonly handles: readonly number[];
  readonly words: Int32Array;
  readonly sound: Int32Array;
  readonly targets: readonly number[];
}

function subject(strategy: Strategy, kernels: Kernels): Subject {
  const pool = createPool({ bytes: POOL_BYTES, strategy, agents: 3, kernels });
  waitForNobody(pool);
  const handles = Array.from({ length: 60 }, (_, i) => pool.malloc(SIZES[i % SIZES.length]!));
  for (let i = 0; i < handles.length; i += 3) pool.free(handles[i]!);
  const words = new Int32Array(pool.bytes.buffer, 0, POOL_BYTES / 4);
  const sound = words.slice();
  const targets: number[] = [];
  for (let word = HEADER.at.alarm; word < words.length; word++) if (sound[word] !== 0) targets.push(word);
  return { pool, handles, words, sound, targets };
}

/** Outcomes of calls, by code. @throws what is no typed error. */
export function flipBytes(
  kernels: Kernels,
  strategies: readonly Strategy[],
  seed: number,
  cases: number,
): Record<string, number> {
  const outcomes: Record<string, number> = {};
  let state = seed | 0;
  const draw = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) % limit;
  };
  for (const strategy of strategies) {
    let of = subject(strategy, kernels);
    for (let i = 0; i < cases / strategies.length; i++) {
      of.words.set(of.sound);
      const flipped: string[] = [];
      for (let flips = 1 + draw(3); flips > 0; flips--) {
        const word = of.targets[draw(of.targets.length)]!;
        of.words[word]! ^= 1 << draw(32);
        flipped.push(`word ${word}`);
      }
      let isOpen = false;
      for (let n = 0; n < CALLS; n++) {
        const handle = of.handles[draw(of.handles.length)]!;
        const calls = [
          () => of.pool.tryMalloc(SIZES[draw(SIZES.length)]!),
          () => of.pool.free(handle),
          () => of.pool.read(handle, (bytes) => bytes[0]),
          () => of.pool.write(handle, new Uint8Array(8)),
          () => of.pool.compact(),
        ];
        let outcome = 'done';
        try {
          calls[draw(calls.length)]!();
        } catch (error) {
          const { code } = error as { code?: unknown };
          if (typeof code !== 'string' || !code.startsWith('ERR_ZS_'))
            throw new Error(`case ${i} of ${strategy.id}, ${flipped.join(', ')}`, { cause: error });
          outcome = code;
          isOpen = true;
        }
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      }
      // What an agent knows of itself may be wrong after an error: the next case has one of its own.
      if (isOpen) of = subject(strategy, kernels);
    }
  }
  return outcomes;
}
