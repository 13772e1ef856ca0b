// Locks without a pool: shared memory that holds a parking lot, slots for agents, and locks.
//
// LAYOUT, in words       0  header: magic, format, agents, locks, buckets
//                       16  head of the parking lot
//                       32  buckets, 16 words each
//   then, for agent 1 to n   24 words of nodes, 1 of slot state, up to 32
//        for each lock       1 word, 15 unused: a cache line each, so that locks do not slow each other
//
// RULES
//   1. The header is written before the descriptor exists, and never again.
//   2. An agent that attaches takes a slot of its own; detaching gives it back, and is refused while it holds or awaits a lock.
//   3. An agent that dies keeps its slot: leave room for the agents that you may have to replace.

import { AGENTS_MAX, ZsmallocError, createAgent } from '@zsmalloc/core/words';
import type { AgentIndex, WordIndex, Words } from '@zsmalloc/core/words';
import { AGENT_WORDS, BUCKET_WORDS, HEAD, HEAD_WORDS, ParkingLot } from './lot.ts';
import { Rwsem } from './rwsem.ts';
import { SPIN_ROUNDS, countCores } from './spin.ts';
import type { SpinLimits } from './spin.ts';

/** Plain data that names a lock or a table of locks, for `postMessage`. */
export interface LockDescriptor {
  readonly kind: 'zsmalloc-rwsem';
  readonly format: number;
  readonly buffer: SharedArrayBuffer;
}

/** Limits that are fixed when the memory is made. */
export interface RegionOptions {
  /** Agents that may be attached at one time, 1 to 255. Default 64. */
  readonly agents?: number | undefined;
}

/** Limits that each agent sets for itself. */
export interface AttachOptions {
  /** Cores that the agents share: with more agents than that they do not spin. Default: what the platform says. */
  readonly cores?: number | undefined;
}

const MAGIC = 0x7273656d; // 'rsem'
export const FORMAT = 1;
export const LOCKS_MAX: number = 1 << 20;
const AGENTS_DEFAULT = 64;
const BUCKETS_MAX = 64;
const LINE = 16;
const AGENT_STRIDE = 32;
const SLOT: WordIndex = AGENT_WORDS;
const HEADER = { magic: 0, format: 1, agents: 2, locks: 3, buckets: 4 } as const;
const HEAD_AT = LINE;
const BUCKETS_AT = HEAD_AT + HEAD_WORDS;

/** One agent's place in shared memory with locks in it. */
export class Region {
  readonly words: Words;
  readonly rwsem: Rwsem;
  readonly lockCount: number;
  /** Read and write holds of this agent, and its pending async waits: what forbids detaching. */
  holds = 0;
  waits = 0;
  private attached = true;
  private readonly slot: WordIndex;
  private readonly locksAt: WordIndex;

  private constructor(words: Words, index: AgentIndex, options: AttachOptions) {
    const agents = words[HEADER.agents]!;
    const agentsAt = agentsBase(words[HEADER.buckets]!);
    const place = {
      head: HEAD_AT,
      buckets: BUCKETS_AT,
      bucketCount: words[HEADER.buckets]!,
      agents: agentsAt,
      agentStride: AGENT_STRIDE,
    };
    const limits: SpinLimits = { cores: options.cores ?? countCores(), rounds: SPIN_ROUNDS };
    this.words = words;
    this.lockCount = words[HEADER.locks]!;
    this.slot = agentsAt + index * AGENT_STRIDE + SLOT;
    this.locksAt = agentsAt + (agents + 1) * AGENT_STRIDE;
    this.rwsem = new Rwsem(new ParkingLot(createAgent(words, index), place), limits);
  }

  /** @throws ERR_ZS_OPTION when a limit is out of range. */
  static create(locks: number, options: RegionOptions & AttachOptions): Region {
    const agents = options.agents ?? AGENTS_DEFAULT;
    checkCount('agents', agents, AGENTS_MAX);
    checkCount('locks', locks, LOCKS_MAX);
    const buckets = Math.min(BUCKETS_MAX, 2 ** Math.ceil(Math.log2(locks)));
    const length = agentsBase(buckets) + (agents + 1) * AGENT_STRIDE + locks * LINE;
    const words = new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT));
    words[HEADER.magic] = MAGIC;
    words[HEADER.format] = FORMAT;
    words[HEADER.agents] = agents;
    words[HEADER.locks] = locks;
    words[HEADER.buckets] = buckets;
    return Region.takeSlot(words, options);
  }

  /** @throws ERR_ZS_ATTACH_DESCRIPTOR, ERR_ZS_ATTACH_FORMAT when it describes no such region, ERR_ZS_AGENTS_FULL. */
  static attach(descriptor: LockDescriptor, options: AttachOptions): Region {
    return Region.takeSlot(checkDescriptor(descriptor), options);
  }

  private static takeSlot(words: Words, options: AttachOptions): Region {
    const agents = words[HEADER.agents]!;
    const agentsAt = agentsBase(words[HEADER.buckets]!);
    for (let index = 1; index <= agents; index++) {
      // order: acquire, pairs with detach. The last owner of the slot has no node in a queue any more.
      if (Atomics.compareExchange(words, agentsAt + index * AGENT_STRIDE + SLOT, 0, 1) === 0) {
        // order: relaxed. Spinners look at it for a rough idea.
        Atomics.add(words, HEAD_AT + HEAD.attached, 1);
        return new Region(words, index, options);
      }
    }
    throw new ZsmallocError(
      'ERR_ZS_AGENTS_FULL',
      `cannot attach to the lock: all ${agents} agent slots are taken. Detach agents that are done, or create it with more agents.`,
      { agents },
    );
  }

  get agentIndex(): AgentIndex {
    return this.rwsem.agent.index;
  }

  get isAttached(): boolean {
    return this.attached;
  }

  get descriptor(): LockDescriptor {
    return { kind: 'zsmalloc-rwsem', format: FORMAT, buffer: this.words.buffer as SharedArrayBuffer };
  }

  /** Waits that ended by a look at the clock instead of a wakeup, of all agents, since the region was made. */
  get rescues(): number {
    // order: none. A statistic.
    return Atomics.load(this.words, HEAD_AT + HEAD.rescues);
  }

  lockWord(index: number): WordIndex {
    return this.locksAt + index * LINE;
  }

  /** @throws ERR_ZS_DETACHED after `detach`. */
  checkAttached(): void {
    if (this.attached) return;
    throw new ZsmallocError('ERR_ZS_DETACHED', 'cannot use the lock: this agent has detached from it. Attach again.');
  }

  /** @throws ERR_ZS_IN_USE while this agent holds or awaits a lock of the region. */
  detach(): void {
    if (!this.attached) return;
    const { holds, waits } = this;
    if (holds + waits > 0) {
      throw new ZsmallocError(
        'ERR_ZS_IN_USE',
        `cannot detach: this agent has ${holds} holds and ${waits} pending waits. Release the holds and settle the waits first.`,
        { holds, waits },
      );
    }
    this.attached = false;
    // order: relaxed, as in takeSlot.
    Atomics.sub(this.words, HEAD_AT + HEAD.attached, 1);
    // order: release, pairs with takeSlot.
    Atomics.store(this.words, this.slot, 0);
  }
}

function agentsBase(buckets: number): WordIndex {
  // Agents are numbered from 1: the record of agent 0 is left unused.
  return BUCKETS_AT + buckets * BUCKET_WORDS;
}

function checkCount(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  throw new ZsmallocError(
    'ERR_ZS_OPTION',
    `cannot create the lock: ${name} is ${value}, not an integer from 1 to ${max}.`,
    {
      [name]: value,
      max,
    },
  );
}

function checkDescriptor(descriptor: LockDescriptor): Words {
  const { kind, format, buffer } = (descriptor ?? {}) as Partial<LockDescriptor>;
  if (kind !== 'zsmalloc-rwsem' || !(buffer instanceof SharedArrayBuffer) || buffer.byteLength % 4 !== 0) {
    throw new ZsmallocError(
      'ERR_ZS_ATTACH_DESCRIPTOR',
      "cannot attach to the lock: this is not a lock descriptor. Pass what the creating agent's descriptor() returned.",
      { kind: String(kind) },
    );
  }
  const words = new Int32Array(buffer);
  const found = words[HEADER.format] ?? 0;
  const isRegion = words.length > BUCKETS_AT && words[HEADER.magic] === MAGIC;
  if (!isRegion || format !== FORMAT || found !== FORMAT) {
    throw new ZsmallocError(
      'ERR_ZS_ATTACH_FORMAT',
      `cannot attach to the lock: its memory has format ${isRegion ? found : 'unknown'}, and this agent knows format ${FORMAT}. Load the same package version in all agents.`,
      { expected: FORMAT, found },
    );
  }
  return words;
}
