// How many slots each of an agent's magazines may hold.
//
// A limit starts low, and doubles when the magazine was found empty or full. The limits of all classes together stay within the
// budget: the pool's `cacheBytes`, or less where the pool holds little.

import { isLive } from '../agents.ts';
import { CACHE, CLASS, MAGAZINE } from '../layout/records.ts';
import type { PoolState } from '../state.ts';
import type { WordIndex } from '../words/agent.ts';

const { lease, limit: limitWord } = MAGAZINE.at;

/** In slots, and in bytes where that is less than the slots. */
const LIMIT_START = 2;
const LIMIT_START_BYTES = 4096;
/** Slots of a magazine at most: a walk over them is a short section under the class lock. */
const LIMIT_MAX = 64;
/** A class may have at most this part of the budget. */
const SHARE = 4;
/** All agents together may cache at most this part of the component pages: a pool that holds little keeps little for nobody. */
const USED_SHARE = 4;
/** Bytes that an agent may cache in any case. */
const BUDGET_BYTES_MIN = 8192;
/** Limits that have grown, or could not, until the budget is looked at again. */
const GROWS_PER_LOOK = 32;
/** Limits that could not grow for want of budget until all are halved. */
const DENIALS = 1024;

/** See the head of the file. */
export class CacheLimits {
  private readonly state: PoolState;
  private readonly limits: Int32Array;
  private readonly limitsMax: Int32Array;
  /** First word of this agent's magazines. */
  private readonly first: WordIndex;
  private readonly classes: number;
  /** Bytes that the limits allow, and may allow. */
  private allowedBytes = 0;
  private budgetBytes: number;
  private growsToLook = GROWS_PER_LOOK;
  private denials = 0;

  constructor(state: PoolState) {
    const { shape, cacheBytes, cacheBase, cacheStride } = state.plan;
    this.state = state;
    this.classes = shape.classes.length;
    this.first = cacheBase + state.agent.index * cacheStride + CACHE.words;
    this.limits = new Int32Array(shape.classes.length);
    const most = shape.classes.map(({ sizeBytes }) => Math.min(LIMIT_MAX, Math.floor(cacheBytes / SHARE / sizeBytes)));
    this.limitsMax = Int32Array.from(most);
    this.budgetBytes = Math.min(cacheBytes, BUDGET_BYTES_MIN);
  }

  of(ordinal: number): number {
    return this.limits[ordinal]!;
  }

  /** The budget was spent when many asked for more: time to halve all limits. */
  get isSpent(): boolean {
    return this.denials >= DENIALS;
  }

  /** A magazine was empty or full: it may hold twice as much, if the budget has room. */
  grow(ordinal: number): void {
    const limit = this.limits[ordinal]!;
    // 0 where one would be too much of the budget.
    if (this.limitsMax[ordinal] === 0) return;
    const sizeBytes = this.state.tables.sizeBytes[ordinal]!;
    const start = Math.max(1, Math.min(LIMIT_START, Math.floor(LIMIT_START_BYTES / sizeBytes)));
    const wish = Math.min(limit === 0 ? start : limit * 2, this.limitsMax[ordinal]!);
    const costs = (wish - limit) * sizeBytes;
    if (--this.growsToLook === 0) this.lookAtBudget();
    if (this.allowedBytes + costs <= this.budgetBytes) this.set(ordinal, wish);
    else this.denials++;
  }

  /** The budget follows what the pool holds, shared among the agents. From plain reads without locks: an estimate. */
  private lookAtBudget(): void {
    const { words, plan } = this.state;
    this.growsToLook = GROWS_PER_LOOK;
    let pages = 0;
    for (let ordinal = 0; ordinal < this.classes; ordinal++)
      pages += words[this.state.classWord(ordinal) + CLASS.at.pages]!;
    let agents = 0;
    for (let agent = 1; agent <= plan.agentsMax; agent++) if (isLive(words, plan, agent)) agents++;
    const share = Math.floor((pages * plan.pageBytes) / USED_SHARE / agents);
    this.budgetBytes = Math.min(plan.cacheBytes, Math.max(share, BUDGET_BYTES_MIN));
    if (this.allowedBytes > this.budgetBytes) this.denials = DENIALS;
  }

  set(ordinal: number, limit: number): void {
    const { words } = this.state;
    const magazine = this.first + ordinal * MAGAZINE.words;
    this.allowedBytes += (limit - this.limits[ordinal]!) * this.state.tables.sizeBytes[ordinal]!;
    this.limits[ordinal] = limit;
    if (words[magazine + lease] !== 0) words[magazine + limitWord] = limit;
  }

  /** Others want what is cached, or the budget is spent by classes that may not need it any more: those that do ask again. */
  halveAll(): void {
    this.denials = 0;
    for (let ordinal = 0; ordinal < this.classes; ordinal++) this.set(ordinal, this.limits[ordinal]! >>> 1);
  }
}
