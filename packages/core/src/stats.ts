// What a pool tells about itself. Plain data: safe to send to another agent.

import { bytesAdded, cachedCount } from './caches/survey.ts';
import { GROUPS } from './fullness.ts';
import { AGENT, CLASS, HEADER } from './layout/records.ts';
import { pagesPacked } from './size-class.ts';
import { holdStill } from './snapshot.ts';
import type { PoolState } from './state.ts';

/** Counters of one pool, all taken at one moment. Byte figures are bytes, page figures component pages. */
export interface PoolStats {
  readonly strategyId: string;
  readonly pageBytes: number;
  readonly bufferBytes: number;
  /** Pages for objects and handle cells: all but the fixed tables at the start. */
  readonly pagesTotal: number;
  readonly pagesFree: number;
  /** Component pages in zspages: what zram reports as mem_used_total. */
  readonly pagesUsed: number;
  readonly pagesOfHandles: number;
  readonly objects: number;
  /** Slots that agents have cached; see the option `caches`. */
  readonly objectsCached: number;
  /** Slots of all zspages. */
  readonly objectsCapacity: number;
  /** Sum of the objects' lengths as requested. */
  readonly bytesStored: number;
  readonly bytesUsed: number;
  /**
   * Bytes of everything else that is in use: records of pages, zspages, classes, locks and agents, and pages of handle
   * cells. The 8 bytes in front of each object are inside `bytesUsed`.
   */
  readonly bytesMetadata: number;
  readonly zspages: number;
  /** Pages that perfect packing would free. */
  readonly pagesFreeable: number;
  /** Pages that compaction has freed, objects it has moved, zspages it found busy: since the pool was created. */
  readonly pagesCompacted: number;
  readonly objectsMoved: number;
  readonly busySkips: number;
  readonly agents: number;
}

/** One size class, as in the kernel's debugfs table `classes`. */
export interface ClassRow {
  /** Index of the class in the kernel's numbering. */
  readonly index: number;
  readonly sizeBytes: number;
  /** Zspages by fullness group: empty, up to 10 %, ... up to 90 %, up to 99 %, full. */
  readonly groups: readonly number[];
  readonly objectsCapacity: number;
  readonly objectsInUse: number;
  /** Slots that agents have cached: in use for nobody, and kept for their next mallocs. */
  readonly objectsCached: number;
  readonly bytesStored: number;
  readonly pagesUsed: number;
  /** Pages of a full zspage. */
  readonly pagesPerZspage: number;
  readonly objectsPerZspage: number;
  /** Pages that perfect packing would free. */
  readonly pagesFreeable: number;
}

/** Rows of all classes at one moment. May wait: for every lock. Source: zs_stats_size_show(). */
export function classRows(state: PoolState): ClassRow[] {
  return holdStill(state, () => rowsLocked(state));
}

/** Counters of the pool at one moment. May wait: for every lock. */
export function poolStats(state: PoolState): PoolStats {
  return holdStill(state, () => statsLocked(state));
}

function rowsLocked(state: PoolState): ClassRow[] {
  const { words } = state;
  const { pageBytes, shape } = state.plan;
  return shape.classes.map((sizeClass) => {
    const { index, sizeBytes, pagesPerZspage, objectsPerZspage } = sizeClass;
    const base = state.classWord(sizeClass.ordinal);
    const counts = base + CLASS.at.groupCounts;
    const pagesUsed = words[base + CLASS.at.pages]!;
    const cached = cachedCount(state, sizeClass.ordinal);
    const inuse = words[base + CLASS.at.inuse]! - cached;
    const stored = words[base + CLASS.at.bytesLow]! + words[base + CLASS.at.bytesHigh]! * 2 ** 30;
    return {
      index,
      sizeBytes,
      groups: Array.from(words.subarray(counts, counts + GROUPS)),
      objectsCapacity: words[base + CLASS.at.capacity]!,
      objectsInUse: inuse,
      objectsCached: cached,
      bytesStored: stored + bytesAdded(state, sizeClass.ordinal),
      pagesUsed,
      pagesPerZspage,
      objectsPerZspage,
      pagesFreeable: Math.max(0, pagesUsed - pagesPacked(inuse, sizeClass, pageBytes)),
    };
  });
}

function statsLocked(state: PoolState): PoolStats {
  const { words, plan } = state;
  const rows = rowsLocked(state);
  const sum = (pick: (row: ClassRow) => number): number => rows.reduce((total, row) => total + pick(row), 0);
  const { at } = HEADER;
  const pagesUsed = sum((row) => row.pagesUsed);
  const pagesOfHandles = words[at.cellPages]!;
  const zspages = words[at.zspageCount]!;
  const fixedWords = plan.zspageBase + Math.ceil(plan.cellsMax / plan.pageWords);
  return {
    strategyId: state.definition.id,
    pageBytes: plan.pageBytes,
    bufferBytes: state.memory.bytes.length,
    pagesTotal: plan.pages - plan.firstPage,
    pagesFree: words[at.pageFreeCount]! + plan.pages - words[at.pageFresh]!,
    pagesUsed,
    pagesOfHandles,
    objects: sum((row) => row.objectsInUse),
    objectsCached: sum((row) => row.objectsCached),
    objectsCapacity: sum((row) => row.objectsCapacity),
    bytesStored: sum((row) => row.bytesStored),
    bytesUsed: pagesUsed * plan.pageBytes,
    bytesMetadata: (fixedWords + zspages * plan.zspageStride) * 4 + pagesOfHandles * plan.pageBytes,
    zspages,
    pagesFreeable: sum((row) => row.pagesFreeable),
    // order: relaxed. Statistics.
    pagesCompacted: Atomics.load(words, at.pagesCompacted),
    objectsMoved: Atomics.load(words, at.objectsMoved),
    busySkips: Atomics.load(words, at.busySkips),
    agents: attachedAgents(state),
  };
}

function attachedAgents({ words, plan }: PoolState): number {
  let count = 0;
  for (let agent = 1; agent <= plan.agentsMax; agent++) {
    // order: relaxed. Statistics.
    count += Atomics.load(words, plan.agentBase + agent * plan.agentStride + AGENT.at.state) & 1;
  }
  return count;
}
