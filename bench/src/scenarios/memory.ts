// Q4: what each design costs in memory, over bytes stored, for real size distributions.

import { createPool } from '@zsmalloc/core';
import type { Pool } from '@zsmalloc/core';
import type { Strategy } from '@zsmalloc/core/strategy';
import { Dataset, readDataset } from '../dataset.ts';
import { readStream } from '../density.ts';
import { check } from '../checks.ts';
import { garbageHigh } from '../memory.ts';
import { settle } from '../settle.ts';
import type { Cell, ScenarioInfo } from '../model/measurement.ts';
import type { Row } from '../model/row.ts';
import type { Answer, Job, RunOptions, Scenario } from '../model/scenario.ts';
import { Random, shuffled } from '../random.ts';
import { loadStrategy, strategyIdOf } from '../strategies.ts';
import { figure } from '../table.ts';
import { highest, lowest, select, spell } from './answers/evidence.ts';
import { exact, metric } from './cells.ts';
import { nameInputs, prepareInput } from './inputs.ts';

const ID = 'memory';
const FREED = [0, 25, 50, 75, 90] as const;
const INPUT_PAGES = 8192;
const POOL_ROOM = 1.6;
const JOB_SECONDS = 0.5;
/** The same in all runs, so that their figures can be compared as they are. */
const FREE_ORDER_SEED = 1;
/** Frees between two turns of the event loop: a client that frees in bursts, and gives deferred frees no chance between. */
const FREES_PER_TURN = 512;

type Source = 'input' | 'stream';

const sourcesOf = ({ full }: RunOptions): readonly Source[] => (full ? ['input', 'stream'] : ['input']);

function describe(options: RunOptions): ScenarioInfo {
  return {
    id: ID,
    title: 'Memory over bytes stored',
    question: 'Q4',
    description:
      `Fills a pool with objects of real sizes, frees some at random, and compacts. Sizes "input": deflated pages of ${nameInputs(options)}; ` +
      `"stream" (--full): the LZ4 page sizes of bench/data. All bytes count: component pages and metadata. One agent; exact but for the ` +
      'garbage: one round says it all.',
    metrics: [
      exact('overheadAfter', '(used + metadata) / stored, after compaction', 'ratio'),
      exact('overheadBefore', '(used + metadata) / stored, before compaction', 'ratio'),
      exact('usedAfter', 'component pages / stored, after compaction', 'ratio'),
      exact('metadataBytes', 'metadata', 'bytes'),
      exact('lockBytesPerZspage', 'lock words of a zspage', 'bytes'),
      exact('lockBytes', "all of the strategy's words in the pool", 'bytes'),
      metric('garbageBytes', 'most garbage waiting for readers, so far', 'bytes'),
    ],
    parameters: [
      { id: 'data', label: 'sizes', values: sourcesOf(options) },
      { id: 'freed', label: 'freed, %', values: [...FREED] },
    ],
    baseline: null,
    limits: [
      'one agent: garbage that waits for readers of other agents shows in the scenarios writeShare and replay',
      'metadata contains tables for the whole pool, which is made 1.6 times as large as what is stored',
    ],
  };
}

async function jobs(options: RunOptions, round: number): Promise<Job[]> {
  if (round > 0) return [];
  const { path } = await prepareInput(options, 'sizes.bin', INPUT_PAGES);
  return options.strategyIds.map((subject) => ({
    scenario: ID,
    subject,
    seed: FREE_ORDER_SEED,
    plan: { path, sources: sourcesOf(options) },
    seconds: JOB_SECONDS,
  }));
}

/** Object sizes: pages without an object left out. */
function sizesOf(data: Source, path: string): number[] {
  if (data === 'stream') return Array.from(readStream().sizes).filter((size) => size > 0);
  const dataset = new Dataset(readDataset(path));
  return Array.from({ length: dataset.count }, (_, page) => dataset.lengthOf(page)).filter((size) => size > 0);
}

/** Objects that begin with their number. */
class Numbered {
  readonly #pool: Pool;
  readonly #sizes: readonly number[];
  readonly #handles: number[] = [];

  constructor(pool: Pool, sizes: readonly number[]) {
    this.#pool = pool;
    this.#sizes = sizes;
    const label = new Uint32Array(1);
    const bytes = new Uint8Array(label.buffer);
    sizes.forEach((size, number) => {
      label[0] = number;
      const handle = pool.malloc(size);
      pool.write(handle, bytes.subarray(0, Math.min(4, size)));
      this.#handles.push(handle);
    });
  }

  free(number: number): void {
    this.#pool.free(this.#handles[number]!);
    this.#handles[number] = 0;
  }

  /** Reads every object's number and length back, and compares the sums with the pool's. */
  verify(): { objects: number; bytes: number } {
    let [objects, bytes] = [0, 0];
    const words = new Uint32Array(this.#pool.bytes.buffer);
    this.#handles.forEach((handle, number) => {
      if (handle === 0) return;
      const offset = this.#pool.readBegin(handle);
      const isRight = this.#pool.readLength === this.#sizes[number] && words[offset >>> 2] === number;
      this.#pool.readEnd(offset);
      check(isRight, `memory: object ${number} of ${this.#sizes[number]} bytes is not what was stored.`);
      objects++;
      bytes += this.#sizes[number]!;
    });
    this.#pool.verify();
    const stats = this.#pool.stats();
    check(
      stats.objects === objects && stats.bytesStored === bytes,
      'memory: the pool counts other objects than are there.',
    );
    return { objects, bytes };
  }
}

async function measureData(job: Job, strategy: Strategy, data: Source): Promise<Omit<Cell, 'round'>[]> {
  const sizes = sizesOf(data, job.plan['path'] as string);
  const stored = sizes.reduce((sum, size) => sum + size, 0);
  const pool = createPool({ bytes: Math.ceil(stored * POOL_ROOM), strategy });
  const objects = new Numbered(pool, sizes);
  const order = shuffled(
    sizes.map((_, number) => number),
    new Random(job.seed),
  );
  const { words } = strategy;
  const { zspages: zspagesFull } = pool.stats();
  const locks = pool.classes().length + 2;
  const cells: Omit<Cell, 'round'>[] = [];
  let freed = 0;
  for (const share of FREED) {
    for (; freed < Math.floor((share / 100) * order.length); freed++) {
      objects.free(order[freed]!);
      if (freed % FREES_PER_TURN === 0) await settle(pool);
    }
    await settle(pool);
    const before = pool.stats();
    if (share > 0) pool.compact();
    await settle(pool);
    const after = pool.stats();
    cells.push({
      scenario: ID,
      subject: job.subject,
      parameters: { data, freed: share },
      metrics: {
        overheadAfter: (after.bytesUsed + after.bytesMetadata) / after.bytesStored,
        overheadBefore: (before.bytesUsed + before.bytesMetadata) / before.bytesStored,
        usedAfter: after.bytesUsed / after.bytesStored,
        metadataBytes: after.bytesMetadata,
        lockBytesPerZspage: words.zspage * 4,
        lockBytes: 4 * (words.pool + words.lock * locks + words.zspage * zspagesFull + words.agent),
        garbageBytes: garbageHigh(pool),
      },
      histograms: {},
      verified: { ...objects.verify(), pools: 1 },
    });
  }
  pool.detach();
  return cells;
}

async function measure(job: Job): Promise<Omit<Cell, 'round'>[]> {
  const strategy = await loadStrategy(strategyIdOf(job.subject));
  const cells: Omit<Cell, 'round'>[] = [];
  for (const data of job.plan['sources'] as readonly Source[]) cells.push(...(await measureData(job, strategy, data)));
  return cells;
}

function answer(rows: readonly Row[], info: ScenarioInfo): Answer | null {
  const at = { data: 'input', freed: 50 };
  const [before, after] = [select(rows, 'overheadBefore', at), select(rows, 'overheadAfter', at)];
  const locks = select(rows, 'lockBytesPerZspage', at);
  const garbage = select(rows, 'garbageBytes', { ...at, freed: FREED.at(-1)! });
  if (after.length === 0) return null;
  const spread = (highest(after)!.value.median / lowest(after)!.value.median - 1) * 100;
  const figureOf = (row: Row): string => `${row.subject} ${row.value.median.toFixed(3)}`;
  return {
    scenario: info.id,
    headline:
      `Next to nothing: after compaction all designs are within ${spread.toFixed(1)} % of each other, with ${lowest(locks)!.value.median} to ` +
      `${highest(locks)!.value.median} bytes of locks a zspage${garbage.length === 0 ? '' : `; deferred frees hold up to ${figure(highest(garbage)!.value.median / 1024)} KiB more for a while`}.`,
    text:
      `With half of the objects freed at random, memory over bytes stored is ${figureOf(lowest(before)!)} to ${figureOf(highest(before)!)} before ` +
      `compaction and ${figureOf(lowest(after)!)} to ${figureOf(highest(after)!)} after it. Locks of a zspage take ${lowest(locks)!.value.median} ` +
      `(${lowest(locks)!.subject}) to ${highest(locks)!.value.median} bytes (${highest(locks)!.subject}).` +
      (garbage.length === 0 ? '' : ` Deferred frees let up to ${spell(highest(garbage)!, 'KiB', 1 / 1024)} wait.`),
    verdict: 'proved',
    caveats: ['exact counts of one agent', ...info.limits],
  };
}

export const scenario: Scenario = { describe, jobs, measure, answer };
