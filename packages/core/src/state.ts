// What all parts of an attached pool share: the memory, its plan, the agent and the strategy.

import { fullnessGroup } from './fullness.ts';
import type { KernelMemory } from './kernels.ts';
import type { PoolPlan } from './layout/plan.ts';
import { AGENT, CLASS, HEADER, PAGE, ZSPAGE } from './layout/records.ts';
import { agentWord } from './agents.ts';
import { poisonedError } from './poison.ts';
import { classOfRequest } from './size-class.ts';
import type { BoundStrategy, Location, Strategy, ZspageIndex } from './strategy/contract.ts';
import { ALARM_POISONED } from './words/agent.ts';
import type { Agent, WordIndex, Words } from './words/agent.ts';

/** The one door to shared memory: core makes no other views, so a model checker can stand behind it. */
export interface Memory {
  readonly buffer: SharedArrayBuffer;
  readonly words: Words;
  readonly bytes: Uint8Array;
  /** What kernels need to reach the buffer; there only in pools with kernels. */
  readonly kernelMemory?: KernelMemory;
  /** A view for users: `lengthBytes` bytes from `offset`. */
  view(offset: number, lengthBytes: number): Uint8Array;
}

/**
 * Views of fixed length: those that follow a growable buffer are 10 to 30 times slower.
 *
 * @param lengthBytes Of the pool; behind it there may be memory of kernels.
 */
export function openMemory(
  buffer: SharedArrayBuffer,
  lengthBytes: number = buffer.byteLength,
  kernelMemory?: KernelMemory,
): Memory {
  return {
    buffer,
    words: new Int32Array(buffer, 0, Math.floor(lengthBytes / 4)),
    bytes: new Uint8Array(buffer, 0, lengthBytes),
    ...(kernelMemory !== undefined && { kernelMemory }),
    view: (offset, length) => new Uint8Array(buffer, offset, length),
  };
}

/** Sizes by class ordinal, for hot code: private to the agent, shared by all pools of one shape. */
export interface ClassTables {
  /** Class ordinal for a request: `ofRequest[(bytes + 7) >>> 3]`. Classes change at multiples of 8 only. */
  readonly ofRequest: Uint16Array;
  readonly sizeBytes: Int32Array;
  readonly pages: Int32Array;
  readonly objects: Int32Array;
  /** `groups[groupBase[ordinal] + inuse]` is the fullness group. */
  readonly groups: Uint8Array;
  readonly groupBase: Int32Array;
}

const known = new WeakMap<object, ClassTables>();

function classTables({ shape, pageBytes }: PoolPlan): ClassTables {
  let tables = known.get(shape);
  if (tables !== undefined) return tables;
  const { classes } = shape;
  const groupBase = new Int32Array(classes.length);
  const groups: number[] = [];
  for (const { ordinal, objectsPerZspage } of classes) {
    groupBase[ordinal] = groups.length;
    for (let inuse = 0; inuse <= objectsPerZspage; inuse++) groups.push(fullnessGroup(inuse, objectsPerZspage));
  }
  tables = {
    ofRequest: Uint16Array.from({ length: pageBytes / 8 + 1 }, (_, i) => classOfRequest(shape, Math.max(1, i * 8))),
    sizeBytes: Int32Array.from(classes, (c) => c.sizeBytes),
    pages: Int32Array.from(classes, (c) => c.pagesPerZspage),
    objects: Int32Array.from(classes, (c) => c.objectsPerZspage),
    groups: Uint8Array.from(groups),
    groupBase,
  };
  known.set(shape, tables);
  return tables;
}

/** Owner word of a page: zspage << OWNER_SHIFT | class ordinal. */
export const OWNER_SHIFT = 9;
export const OWNER_CLASS_MASK: number = (1 << OWNER_SHIFT) - 1;

/** See the head of the file. */
export class PoolState {
  readonly memory: Memory;
  readonly words: Words;
  readonly plan: PoolPlan;
  readonly agent: Agent;
  readonly definition: Strategy;
  readonly tables: ClassTables;
  readonly key: number;
  /** First word of this agent's record. */
  readonly record: WordIndex;
  /** Set once, right after construction: binding needs a host that is built from this state. */
  strategy!: BoundStrategy;
  private readonly indexBits: number;
  private readonly indexMask: number;
  private readonly pageBase: WordIndex;
  private readonly pageWords: number;
  private readonly inPageMask: number;
  private readonly hugeOrdinal: number;

  constructor(memory: Memory, plan: PoolPlan, agent: Agent, definition: Strategy, key: number) {
    this.memory = memory;
    this.words = memory.words;
    this.plan = plan;
    this.agent = agent;
    this.definition = definition;
    this.tables = classTables(plan);
    this.key = key;
    this.record = agentWord(plan, agent.index);
    agent.lifeline = {
      alarm: HEADER.at.alarm,
      disturbed: HEADER.at.disturbed,
      waiting: this.record + AGENT.at.waiting,
    };
    this.indexBits = plan.indexBits;
    this.indexMask = (1 << plan.indexBits) - 1;
    this.pageBase = plan.pageBase;
    this.pageWords = plan.pageWords;
    this.inPageMask = plan.pageBytes - 1;
    this.hugeOrdinal = plan.shape.classes.length - 1;
  }

  /**
   * Where a call begins. Plain: an alarm that is seen late is seen at the first lock that the agent waits for.
   *
   * @throws ERR_ZS_POISONED.
   */
  checkAlarm(): void {
    if ((this.words[HEADER.at.alarm]! & ALARM_POISONED) !== 0) throw poisonedError();
  }

  classWord(ordinal: number): WordIndex {
    return this.plan.classBase + ordinal * CLASS.words;
  }

  /** First of core's own words of a zspage record. */
  zspageWord(zspage: ZspageIndex): WordIndex {
    return this.plan.zspageBase + zspage * this.plan.zspageStride + this.plan.zspageCore;
  }

  pageWord(page: number): WordIndex {
    return this.pageBase + page * PAGE.words;
  }

  pageOf(location: Location): number {
    return location >>> this.indexBits;
  }

  indexOf(location: Location): number {
    return location & this.indexMask;
  }

  locationOf(page: number, index: number): Location {
    return (page << this.indexBits) | index;
  }

  /** Owner word of the page that a location names. */
  ownerOf(location: Location): number {
    return this.words[this.pageBase + (location >>> this.indexBits) * PAGE.words]!;
  }

  /** Class of the zspage that a location lies in; -1 when its page holds none. */
  classAt(location: Location): number {
    const owner = this.ownerOf(location);
    return owner === 0 ? -1 : owner & OWNER_CLASS_MASK;
  }

  /** Byte offset in its page at which a slot starts. */
  slotStart(location: Location, sizeBytes: number): number {
    return ((location & this.indexMask) * sizeBytes) & this.inPageMask;
  }

  /** Word index at which a slot starts. */
  slotWord(location: Location, sizeBytes: number): WordIndex {
    return (location >>> this.indexBits) * this.pageWords + (this.slotStart(location, sizeBytes) >>> 2);
  }

  /** Word that holds `handle << 1 | 1` while an object lives at `location`: its slot's first, or in a huge object's page record. */
  headerWord(ordinal: number, location: Location): WordIndex {
    if (ordinal === this.hugeOrdinal) return this.pageWord(this.pageOf(location)) + PAGE.at.link;
    return this.slotWord(location, this.tables.sizeBytes[ordinal]!);
  }

  /** Word that holds the length of the object whose header is at `header`: the next, or in a huge object's zspage record. */
  lengthWord(ordinal: number, header: WordIndex): WordIndex {
    if (ordinal !== this.hugeOrdinal) return header + 1;
    const owner = this.words[header - PAGE.at.link + PAGE.at.owner]!;
    return this.zspageWord(owner >>> OWNER_SHIFT) + ZSPAGE.at.freeHead;
  }
}
