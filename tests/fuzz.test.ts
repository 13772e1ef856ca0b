// Bytes of a pool's own records flipped at random: what is called then succeeds or throws a typed error, and ends.
//
// The bytes are those of tables, agent records, handle cells and slot headers. Left out are the constant words at the start,
// which nobody reads after attaching, and the parking lot of rwsem: its bucket locks have no way to tell a flipped word from a
// held lock. In two thirds of the cases another agent has died before, and recovery works on the flipped bytes.

import { describe, expect, it } from 'vitest';
import { formatMemory } from '../packages/core/src/format.ts';
import type { PoolPlan } from '../packages/core/src/layout/plan.ts';
import { planPool } from '../packages/core/src/layout/plan.ts';
import { CLASS, HEADER } from '../packages/core/src/layout/records.ts';
import { AgentPool } from '../packages/core/src/pool.ts';
import { PoolState, openMemory } from '../packages/core/src/state.ts';
import type { Memory } from '../packages/core/src/state.ts';
import { takeAgent } from '../packages/core/src/agents.ts';
import { strategies, strategyNamed } from './strategies.ts';
import type { KnownStrategy } from './strategies.ts';
import { drawFrom } from './workers/payload.mjs';

const CASES = Number(process.env['CASES'] ?? 1200);
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const SIZES = [24, 40, 200, 600, 1360, 2040, 2700, 4000];
const CALLS = 5;
const KEY = 0x15a5_a5a5;
const AGENTS = 3;
const DEAD = 2;
/** Nobody may wait: what a flipped lock word keeps shut is told by ERR_ZS_WOULD_BLOCK. */
const HASTY = { yieldAfter: 2, refuseAfter: 100 };
/** Only for what does not end: a case takes about a millisecond. */
const TIMEOUT_MS = 60_000 + CASES * 100;

interface Fuzzed extends KnownStrategy {
  readonly cacheBytes: number;
}

const fuzzed: readonly Fuzzed[] = [
  ...strategies.map((known) => ({ ...known, cacheBytes: 0 })),
  { ...strategyNamed('spin'), name: 'spin with caches', cacheBytes: 2 ** 16 },
];

interface Subject {
  readonly memory: Memory;
  readonly plan: PoolPlan;
  readonly handles: readonly number[];
  readonly pools: readonly Snapshot[];
}

/** What the memory is before bytes are flipped. */
interface Snapshot {
  readonly words: Int32Array;
  /** Agent 2 has died: recovery comes first. */
  readonly isDead: boolean;
  /** Words that may be flipped. */
  readonly targets: readonly number[];
}

function sideOf(memory: Memory, plan: PoolPlan, { strategy }: KnownStrategy, index = 1): AgentPool {
  const agent = { words: memory.words, index, spin: HASTY, mayBlock: false };
  return new AgentPool(new PoolState(memory, plan, agent, strategy, KEY));
}

function subject(known: Fuzzed): Subject {
  const { strategy, cacheBytes } = known;
  const shape = {
    pageBytes: 4096,
    chainPages: 4,
    pages: 100,
    agentsMax: AGENTS,
    strategyWords: strategy.words,
    cacheBytes,
  };
  const plan = planPool(shape);
  const memory = openMemory(new SharedArrayBuffer(plan.pages * plan.pageBytes));
  formatMemory(memory, plan, strategy, 0, KEY);
  takeAgent(memory.words, plan);
  const pool = sideOf(memory, plan, known);
  const made = Array.from({ length: 60 }, (_, i) => pool.malloc(SIZES[i % SIZES.length]!));
  for (let i = 0; i < made.length; i += 3) pool.free(made[i]!);
  pool.verify();
  const alive = memory.words.slice();
  const pools = deaths.map((die) => {
    memory.words.set(alive);
    if (die !== undefined) {
      takeAgent(memory.words, plan);
      die(sideOf(memory, plan, known, DEAD), made, memory, plan);
    }
    return { words: memory.words.slice(), isDead: die !== undefined, targets: targetsOf(memory, plan, known) };
  });
  return { memory, plan, handles: made, pools };
}

type Death = (dead: AgentPool, handles: readonly number[], memory: Memory, plan: PoolPlan) => void;

const deaths: readonly (Death | undefined)[] = [
  undefined,
  (dead, handles) => {
    dead.malloc(SIZES[0]!);
    dead.readBegin(handles[1]!);
  },
  // With all locks, while it freed an object of each of two classes.
  (dead, handles, { words }, plan) => {
    const { bound } = dead;
    const ordinals = [1, 4].map((i) => plan.shape.classes.findIndex(({ sizeBytes }) => sizeBytes >= SIZES[i]! + 8));
    for (const [i, ordinal] of ordinals.entries()) {
      bound.lock(ordinal);
      const raw = handles[i === 0 ? 1 : 4]! ^ KEY;
      words[plan.classBase + ordinal * CLASS.words + CLASS.at.pending] = (raw << 1) | 1;
    }
    bound.lock(plan.handlesLock);
    bound.lock(plan.pagesLock);
  },
];

function targetsOf({ words }: Memory, plan: PoolPlan, { name }: KnownStrategy): number[] {
  const found: number[] = [];
  const lot = name === 'rwsem' ? plan.poolBase + 16 : plan.lockBase;
  for (let word = HEADER.at.alarm; word < plan.tableWords; word++) {
    const isLot = word >= lot && word < plan.lockBase;
    // What is zero in tables is mostly never used: flipped as often as all the rest, it would be all that is flipped.
    if (!isLot && (words[word] !== 0 || word % 61 === 0)) found.push(word);
  }
  for (let page = plan.firstPage; page < words[HEADER.at.pageFresh]!; page++) {
    const start = page * plan.pageWords;
    for (let word = start; word < start + plan.pageWords; word++) if (words[word] !== 0) found.push(word);
  }
  return found;
}

type Draw = (limit: number) => number;
type Call = (pool: AgentPool, of: Subject, draw: Draw) => unknown;

const calls: readonly Call[] = [
  (pool, _, draw) => pool.tryMalloc(SIZES[draw(SIZES.length)]!),
  (pool, { handles }, draw) => pool.free(handles[draw(handles.length)]!),
  (pool, { handles }, draw) => pool.read(handles[draw(handles.length)]!, (bytes) => bytes[bytes.length - 1]),
  (pool, { handles }, draw) => pool.write(handles[draw(handles.length)]!, new Uint8Array(20), draw(10)),
  (pool, { handles }, draw) => pool.acceptTorn(handles[draw(handles.length)]!),
  (pool) => pool.compact(),
  (pool, { plan }, draw) => pool.migratePage(plan.firstPage + draw(plan.pages - plan.firstPage)),
  (pool) => pool.stats(),
  (pool) => pool.verify(),
  (pool) => pool.recover(DEAD),
];
const RECOVER = calls.length - 1;

describe.each(fuzzed)('$name', (known) => {
  it(`ends with success or a typed error in ${CASES} cases of flipped bytes`, { timeout: TIMEOUT_MS }, () => {
    const of = subject(known);
    const { words, bytes } = of.memory;
    const draw = drawFrom(SEED);
    const outcomes: Record<string, number> = {};
    for (let i = 0; i < CASES; i++) {
      const { words: sound, isDead, targets } = of.pools[draw(of.pools.length)]!;
      words.set(sound);
      const flipped: string[] = [];
      for (let flips = 1 + draw(3); flips > 0; flips--) {
        const at = targets[draw(targets.length)]! * 4 + draw(4);
        bytes[at]! ^= 1 << draw(8);
        flipped.push(`byte ${at}`);
      }
      const pool = sideOf(of.memory, of.plan, known);
      for (let n = 0; n < CALLS; n++) {
        const which = isDead && n === 0 ? RECOVER : draw(calls.length);
        let outcome = 'done';
        try {
          const recovered = calls[which]!(pool, of, draw);
          if (which === RECOVER && (recovered as readonly unknown[]).length > 0) outcome = 'recovered';
        } catch (error) {
          const { code } = error as { code?: unknown };
          if (typeof code !== 'string' || !code.startsWith('ERR_ZS_')) {
            const message = `call ${which} of case ${i}, seed ${SEED}, ${flipped.join(', ')}: ${String((error as Error).stack)}`;
            throw new Error(message, { cause: error });
          }
          outcome = code;
        }
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      }
    }
    // The flips did something, and not everything.
    expect(outcomes['done'] ?? 0).toBeGreaterThan(CASES);
    expect(outcomes['recovered'] ?? 0).toBeGreaterThan(CASES / 4);
    expect(outcomes['ERR_ZS_CORRUPT'] ?? 0).toBeGreaterThan(CASES / 100);
  });
});
