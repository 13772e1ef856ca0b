// An agent dies, and then the one that recovers from it, before each of its own operations. A third one recovers from both.
//
// RULES
//   1. What the third one finds must be what it would have found without the second: the same objects, the same torn one. Only
//      the report may be lost: with the recoverer, once it has begun to wipe the dead agent's record.
//   2. A recovery has too many operations for all of them after each death: deaths of the victim are taken by lot, and of the
//      recoverer every so many operations, from a first one by lot.

import { explore, ModelMemory } from '@zsmalloc/explorer';
import type { ExploreResult } from '@zsmalloc/explorer';
import { agentWord, declareDead, incarnationOf, takeAgent } from '../../packages/core/src/agents.ts';
import { AGENT } from '../../packages/core/src/layout/records.ts';
import type { PoolPlan } from '../../packages/core/src/layout/plan.ts';
import type { RecoveryReport } from '../../packages/core/src/recovery/report.ts';
import { openMemory } from '../../packages/core/src/state.ts';
import { asTurn, withTurns } from '../../packages/conformance/src/model/turns.ts';
import { nameWord } from '../../packages/conformance/src/pool/name-word.ts';
import { drawFrom } from '../workers/payload.mjs';
import { HASTY, HEIR, SURVIVOR, VICTIM, checkPool, eachDeath, modelViews, sideOf } from './crash-pool.ts';
import type { CrashProgram, Known } from './crash-pool.ts';

const STEPS_MAX = 200_000;

export interface TwiceOptions {
  /** Deaths of the victim that are tried. */
  readonly deaths: number;
  /** Operations of the recoverer between two of its deaths. */
  readonly stride: number;
  readonly seed: number;
}

/** What the sweep did. */
export interface TwiceResult {
  /** The first failure, or undefined. */
  readonly failed: ExploreResult | undefined;
  /** Deaths of the recoverer. */
  readonly points: number;
}

/** Explores a program: see the head of the file. */
export function crashTwice(program: CrashProgram, options: TwiceOptions): TwiceResult {
  const { deaths, stride, seed } = options;
  const draw = drawFrom(seed);
  const left: Int32Array[] = [];
  let plan!: PoolPlan;
  let known: readonly Known[] = [];
  eachDeath(program, (words, its, objects) => {
    left.push(words.slice());
    [plan, known] = [its, objects];
  });
  let points = 0;
  for (let i = 0; i < deaths; i++) {
    const start = left[draw(left.length)]!;
    for (let k = draw(stride); ; k += stride) {
      const result = recovererDies(program, { start, plan, known, beforeOperation: k });
      if (result.failure !== null) return { failed: result, points };
      if (result.crashPoints === 0) break;
      points++;
    }
  }
  return { failed: undefined, points };
}

interface Scene {
  readonly start: Int32Array;
  readonly plan: PoolPlan;
  readonly known: readonly Known[];
  readonly beforeOperation: number;
}

function recovererDies({ strategy, break: plant }: CrashProgram, scene: Scene): ExploreResult {
  const { start, plan, known, beforeOperation } = scene;
  const memory = new ModelMemory(plan.pages * plan.pageBytes);
  const original = new Int32Array(memory.buffer);
  const copy = openMemory(new SharedArrayBuffer(memory.byteLength));
  let fourth = 0;
  const declare = (words: Int32Array, agent: number): void => {
    declareDead(words, plan, agent, incarnationOf(words, plan, agent));
  };
  const recovered = (words: Int32Array, dead: readonly number[]): RecoveryReport[] => {
    copy.words.set(words);
    for (const agent of dead) declare(copy.words, agent);
    return sideOf(copy, plan, strategy, SURVIVOR, HASTY).recover();
  };
  return withTurns(() =>
    explore({
      memory,
      setup: () => {
        const direct = openMemory(memory.buffer);
        direct.words.set(start);
        fourth = takeAgent(direct.words, plan);
        declare(direct.words, VICTIM);
      },
      threads: {
        heir: () => {
          const heir = sideOf(modelViews(memory), plan, strategy, HEIR, HASTY);
          plant?.(heir);
          asTurn(() => heir.recover());
        },
      },
      check: ({ died }) => {
        if (!died[0]) return;
        asTurn(() => {
          const [expected] = recovered(start, [VICTIM]);
          const { torn, lastMalloc } = expected!;
          const reports = recovered(original, [HEIR]);
          const none = { torn: 0, lastMalloc: 0 };
          for (const report of reports) {
            const own = report.agent === VICTIM && !isWiped(original, plan) ? { torn, lastMalloc } : none;
            if (report.torn !== own.torn || report.lastMalloc !== own.lastMalloc) {
              throw new Error(`agent ${report.agent} left ${JSON.stringify(report)}, expected ${JSON.stringify(own)}`);
            }
          }
          if (!reports.some(({ agent }) => agent === HEIR))
            throw new Error('the death of the recoverer was not reported');
          const [third, last] = [SURVIVOR, fourth].map((index) => sideOf(copy, plan, strategy, index, HASTY));
          checkPool(plan, third!, last!, known, { torn, lastMalloc });
        });
      },
      describe: (byteOffset) => nameWord(plan, byteOffset),
      maxSteps: STEPS_MAX,
      crash: { thread: 'heir', beforeOperation },
    }),
  );
}

/** Wiping begins with the first words, and is the last step but one. */
function isWiped(words: Int32Array, plan: PoolPlan): boolean {
  const record = agentWord(plan, VICTIM);
  return words[record + AGENT.at.thread] === 0;
}
