// Lets an agent die before each of its shared operations and plain writes, and another one recover from it.
//
// RULES
//   1. The victim runs alone, and stops for ever at operation k; then the heir recovers, on a copy of the memory. So each k is
//      one execution. All k are tried. Programs in which others run meanwhile are in crash.model.test.ts as well.
//   2. After each recovery the pool must be whole: verify(), every object that lives has its bytes, no object lives that
//      nobody can name, everybody can go on, and when all is freed every page is free again.
//   3. Recovery runs twice in a row: a second one has nothing to do.

import { explore, ModelMemory } from '@zsmalloc/explorer';
import type { ExploreOptions, ExploreResult } from '@zsmalloc/explorer';
import type { Strategy } from '@zsmalloc/core/strategy';
import type { SpinBudget } from '@zsmalloc/core/words';
import { declareDead, incarnationOf, takeAgent } from '../../packages/core/src/agents.ts';
import { formatMemory } from '../../packages/core/src/format.ts';
import type { PoolPlan } from '../../packages/core/src/layout/plan.ts';
import { AgentPool } from '../../packages/core/src/pool.ts';
import type { RecoveryReport } from '../../packages/core/src/recovery/report.ts';
import { PoolState, openMemory } from '../../packages/core/src/state.ts';
import type { Memory } from '../../packages/core/src/state.ts';
import { asTurn, withTurns } from '../../packages/conformance/src/model/turns.ts';
import { nameWord } from '../../packages/conformance/src/pool/name-word.ts';
import { smallPlan } from '../../packages/conformance/src/pool/pool-model.ts';
import { HALF_BYTES, expectAll, filled } from '../../packages/conformance/src/pool/program-parts.ts';

const KEY = 0x15a5_a5a5;
const PATIENT: SpinBudget = { yieldAfter: Infinity, refuseAfter: Infinity };
/** An heir is refused after so many rounds: nobody else runs, so what is locked stays locked. */
export const HASTY: SpinBudget = { yieldAfter: 2, refuseAfter: 200 };

export const VICTIM = 1;
export const HEIR = 2;
export const SURVIVOR = 3;

/** An object that lives when the victim starts. */
export interface Known {
  readonly handle: number;
  /** What all its bytes are; -1 for any. */
  readonly byte: number;
  /** The victim frees it: it may be gone. */
  readonly mayGo?: boolean;
  /** The victim writes to it: it may be torn, and else is all `byte` or all of this. */
  readonly written?: number;
}

export interface CrashProgram {
  readonly strategy: Strategy;
  /** Bytes that each agent may cache; none by default. */
  readonly cacheBytes?: number;
  readonly setup: (pool: AgentPool, filler: AgentPool) => readonly Known[];
  readonly victim: (pool: AgentPool, known: readonly Known[]) => unknown;
  /** Plants a bug in the heir. */
  readonly break?: (heir: AgentPool) => void;
}

/** One agent's side of a pool; impatient when it is to be refused what stays locked. */
export function sideOf(
  memory: Memory,
  plan: PoolPlan,
  strategy: Strategy,
  index: number,
  spin: SpinBudget = PATIENT,
): AgentPool {
  const agent = { words: memory.words, index, spin, mayBlock: spin === PATIENT };
  return new AgentPool(new PoolState(memory, plan, agent, strategy, KEY));
}

/** What happened at the crash points. */
export interface CrashResult {
  readonly result: ExploreResult;
  readonly reports: readonly RecoveryReport[];
}

/** Explores a program: see the head of the file. */
export function crashEverywhere(program: CrashProgram): CrashResult {
  const { strategy } = program;
  const reports: RecoveryReport[] = [];
  let copy: Memory | undefined;
  const result = eachDeath(program, (original, plan, known) => {
    copy ??= openMemory(new SharedArrayBuffer(original.byteLength));
    copy.words.set(original);
    const heir = sideOf(copy, plan, strategy, HEIR, HASTY);
    const survivor = sideOf(copy, plan, strategy, SURVIVOR, HASTY);
    program.break?.(heir);
    declareDead(copy.words, plan, VICTIM, incarnationOf(copy.words, plan, VICTIM));
    const [report] = heir.recover();
    if (report === undefined) throw new Error('nothing was reported');
    reports.push(report);
    if (heir.recover().length > 0) throw new Error('the second recovery found something');
    checkPool(plan, heir, survivor, known, report);
  });
  return { result, reports };
}

/** Calls `use` with the memory as each death of the victim leaves it. */
export function eachDeath(
  { strategy, cacheBytes, setup, victim }: CrashProgram,
  use: (left: Int32Array, plan: PoolPlan, known: readonly Known[]) => void,
): ExploreResult {
  const plan = smallPlan(strategy, 5, cacheBytes);
  const memory = new ModelMemory(plan.pages * plan.pageBytes);
  const original = new Int32Array(memory.buffer);
  let known: readonly Known[] = [];
  const options: ExploreOptions = {
    memory,
    setup: () => {
      const direct = openMemory(memory.buffer);
      formatMemory(direct, plan, strategy, 0, KEY);
      for (const _ of [VICTIM, HEIR, SURVIVOR]) takeAgent(direct.words, plan);
      const sides = [VICTIM, SURVIVOR].map((index) => sideOf(direct, plan, strategy, index));
      known = asTurn(() => setup(sides[0]!, sides[1]!));
    },
    threads: {
      victim: () => void asTurn(() => victim(sideOf(modelViews(memory), plan, strategy, VICTIM), known)),
    },
    check: ({ died }) => {
      if (died[0]) asTurn(() => use(original, plan, known));
    },
    describe: (byteOffset) => nameWord(plan, byteOffset),
    maxSteps: 20_000,
    crash: { thread: 'victim' },
  };
  return withTurns(() => explore(options));
}

/** The memory as an agent under the explorer sees it. */
export function modelViews(memory: ModelMemory): Memory {
  const { buffer, int32: words, uint8: bytes } = memory;
  return { buffer, words, bytes, view: (at: number, length: number) => memory.view('uint8', at, length) };
}

/** The pool is whole after a recovery: rule 2. */
export function checkPool(
  plan: PoolPlan,
  heir: AgentPool,
  survivor: AgentPool,
  known: readonly Known[],
  report: Pick<RecoveryReport, 'torn' | 'lastMalloc'>,
): void {
  heir.verify();
  // What was retired is reclaimed once nobody reads.
  for (let turns = 0; turns < 3; turns++) heir.compact();
  heir.verify();
  const { torn, lastMalloc } = report;
  const handles = new Set<number>();
  for (const { handle, byte, mayGo, written } of known) {
    if (mayGo === true && !lives(survivor, handle)) continue;
    handles.add(handle);
    if (handle === torn) {
      if (written === undefined) throw new Error(`object ${handle} is torn, and nobody wrote to it`);
      if (codeOf(() => survivor.read(handle, () => {})) !== 'ERR_ZS_TORN') throw new Error('a torn object was read');
      survivor.write(handle, new Uint8Array(survivor.sizeOf(handle)).fill(byte));
    }
    survivor.read(handle, (bytes) => {
      if (byte < 0) return;
      if (written !== undefined && bytes[0] === written) expectAll(bytes, written);
      else expectAll(bytes, byte);
    });
  }
  if (lastMalloc !== 0) handles.add(lastMalloc);
  const { objects } = heir.stats();
  if (objects !== handles.size) throw new Error(`${objects} objects live, expected ${handles.size}`);
  for (const handle of handles) survivor.free(handle);
  // Everybody can go on.
  for (const pool of [survivor, heir]) {
    const made = filled(pool, HALF_BYTES, 0x77);
    pool.compact();
    pool.read(made, (bytes) => expectAll(bytes, 0x77));
    pool.free(made);
    if (pool === survivor) pool.detach();
  }
  for (let turns = 0; turns < 4; turns++) heir.compact();
  heir.verify();
  const { pagesUsed, zspages, pagesFree, pagesOfHandles, agents } = heir.stats();
  if (pagesUsed !== 0 || zspages !== 0) throw new Error(`${pagesUsed} pages in ${zspages} zspages are left`);
  const pages = plan.pages - plan.firstPage;
  if (pagesFree + pagesOfHandles !== pages) throw new Error(`${pagesFree + pagesOfHandles} pages of ${pages} are left`);
  if (agents !== 1) throw new Error(`${agents} agents are attached`);
}

function lives(pool: AgentPool, handle: number): boolean {
  return codeOf(() => pool.sizeOf(handle)) !== 'ERR_ZS_BAD_HANDLE';
}

function codeOf(call: () => unknown): string {
  try {
    call();
    return '';
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
}
