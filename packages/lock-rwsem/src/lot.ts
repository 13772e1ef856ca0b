// The parking lot: queues of parked agents in shared memory, outside the locks they wait for.
//
// A lock is one word; its queue is the sub-list of one bucket whose nodes name that word. Buckets are chosen by a hash of
// the word index, nodes belong to agents: node n is node `n % NODES` of agent `n / NODES`, so a queue can be searched for
// the nodes of a dead agent.
//
// NODE      lock   word index of the lock it waits for         guard: bucket lock
//           flags  FOR_WRITE, ASYNC, HINT, RESERVED            guard: bucket lock
//           next   next node of the bucket, 0 at its end       guard: bucket lock
//           tries  how often it has been passed over           guard: bucket lock
//           park   IDLE, PARKED, WOKEN, GRANTED or EXPELLED    atomic: the futex word of this one wait
//
// RULES
//   1. Whoever changes a queue, or QUEUED, HANDOFF or WAKING of a lock word, holds the lock's bucket lock.
//   2. A section under a bucket lock calls nothing that waits or throws, and walks at most one bucket's nodes.
//   3. Each wait sleeps on a park word of its own: a wakeup cannot reach the wrong waiter, and a blocking wait and an
//      async one never share a word. Notifies go out after the bucket lock is free, to all on the word (all one agent's).
//   4. PARKED is set by the node's agent under the bucket lock, everything else but IDLE by whoever wakes it, also there.
//   5. A node is linked exactly while its park word is PARKED or WOKEN, whenever the bucket lock is free.
//   6. A walk is bounded: a queue that a stray write has led into a circle ends with ERR_ZS_CORRUPT, the bucket lock free.
//   7. The bucket lock holds the number of its owner. Of one that dies inside it is inherited, and the queue made what rule 5
//      says: recovery.ts.
//
// Source: the parking lot of WebKit's WTF and of parking_lot (Rust).

import type { Agent, AgentIndex, WordIndex, Words } from '@zsmalloc/core/words';
import { endlessQueue } from './errors.ts';
import { spinUnderAlarm } from './spin.ts';

/** Where a parking lot lies. */
export interface LotPlace {
  /** First word of the head: attached agents, rescues. */
  readonly head: WordIndex;
  readonly buckets: WordIndex;
  /** A power of two. */
  readonly bucketCount: number;
  /** Agent a has its nodes at `agents + a * agentStride`. */
  readonly agents: WordIndex;
  readonly agentStride: number;
}

/** Number of a node: its agent times `NODES`, plus 0 to `NODES - 1`. 0 means "none". */
export type NodeNumber = number;

/** Words of the head. */
export const HEAD = { attached: 0, rescues: 1 } as const;
export const HEAD_WORDS = 16;
/** A bucket has a cache line to itself. */
export const BUCKET_WORDS = 16;
const BUCKET = { lock: 0, head: 1, tail: 2 } as const;
/** Nodes per agent: one for the blocking wait, the others for async waits, each of which serves one lock. */
export const NODES = 4;
export const NODE_WORDS = 6;
export const AGENT_WORDS: number = NODES * NODE_WORDS;
/** Words of a node. */
export const NODE = { lock: 0, flags: 1, next: 2, tries: 3, park: 4 } as const;

export const FOR_WRITE: number = 1 << 0;
/** Its agent waits in its event loop: it is only ever woken to try again, nothing is handed to it. */
export const ASYNC: number = 1 << 1;
/** It only wants to know when to try again, and takes nothing. */
export const HINT: number = 1 << 2;
/** HANDOFF is set for this node. */
export const RESERVED: number = 1 << 3;

export const IDLE = 0;
export const PARKED = 1;
/** Try again. */
export const WOKEN = 2;
/** The lock is held for this reader, and the node is out of the queue. */
export const GRANTED = 3;
/** It was woken, did not come, and is out of the queue. If it comes after all it queues again. */
export const EXPELLED = 4;

/** Steps along queues in one section under a bucket lock: far more than 1024 nodes and some rounds of retrying take. */
const STEPS_MAX = 1 << 20;

/** One agent's view of a parking lot. */
export class ParkingLot {
  readonly agent: Agent;
  readonly words: Words;
  readonly place: LotPlace;
  /** The node of this agent's blocking wait. */
  readonly ownNode: NodeNumber;
  private readonly freeNodes: NodeNumber[] = [];
  private readonly woken: WordIndex[] = [];
  private readonly mayYield: boolean;
  /** The bucket whose lock this agent holds, and the steps that are left to it there. */
  private section: WordIndex = 0;
  private stepsLeft = STEPS_MAX;

  constructor(agent: Agent, place: LotPlace) {
    this.agent = agent;
    this.words = agent.words;
    this.place = place;
    this.ownNode = agent.index * NODES;
    for (let i = NODES - 1; i > 0; i--) this.freeNodes.push(this.ownNode + i);
    // Fixed here: `agent.mayBlock` is false inside async twins too, where a bounded yield does no harm.
    this.mayYield = agent.mayBlock;
  }

  /** A node for an async wait; 0 when all are in use. */
  takeNode(): NodeNumber {
    return this.freeNodes.pop() ?? 0;
  }

  giveNode(node: NodeNumber): void {
    this.freeNodes.push(node);
  }

  bucketOf(lock: WordIndex): WordIndex {
    // Fibonacci hashing: neighbouring locks fall into different buckets.
    const hash = Math.imul(lock, 0x9e3779b1) >>> 16;
    return this.place.buckets + (hash & (this.place.bucketCount - 1)) * BUCKET_WORDS;
  }

  /** Waits for the bucket lock; also on agents that may not block, for as long as a few plain accesses take. */
  lockBucket(bucket: WordIndex): void {
    const { words, agent } = this;
    const lock = bucket + BUCKET.lock;
    let round = 0;
    // order: acquire, pairs with unlockBucket. The queues are as the last section left them.
    while (Atomics.compareExchange(words, lock, 0, agent.index) !== 0) {
      do spinUnderAlarm(agent, round++, this.mayYield ? agent.spin.yieldAfter : Infinity);
      // order: relaxed. A stale value costs one round; the compare-exchange decides.
      while (Atomics.load(words, lock) !== 0);
    }
    this.section = bucket;
    this.stepsLeft = STEPS_MAX;
  }

  /** Frees the bucket lock, then wakes whom `wake` has named. */
  unlockBucket(bucket: WordIndex): void {
    const { words, woken } = this;
    // order: release, pairs with lockBucket. Hands the queues to the next section.
    Atomics.store(words, bucket + BUCKET.lock, 0);
    for (const park of woken) {
      // order: none. Follows the store to the park word, so a waiter sleeps no more or does not fall asleep.
      Atomics.notify(words, park);
    }
    woken.length = 0;
  }

  /** Agent that holds the bucket lock; 0 for nobody. */
  holderOf(bucket: WordIndex): AgentIndex {
    // order: acquire, pairs with unlockBucket. Of a dead holder: its certificate orders what it wrote.
    return Atomics.load(this.words, bucket + BUCKET.lock);
  }

  tryLockBucket(bucket: WordIndex): boolean {
    // order: acquire, pairs with unlockBucket.
    return Atomics.compareExchange(this.words, bucket + BUCKET.lock, 0, this.agent.index) === 0;
  }

  /** Says that a node is in no queue any more. Caller holds: the bucket lock. */
  setIdle(node: NodeNumber): void {
    // order: relaxed. The bucket lock orders it; the node's own agent is not asleep, or dead.
    Atomics.store(this.words, this.parkWord(node), IDLE);
  }

  /** Wakes a node's agent should it sleep on a park word that has changed. */
  notify(node: NodeNumber): void {
    // order: none. Whoever changed the park word has died before it could say so.
    Atomics.notify(this.words, this.parkWord(node));
  }

  lockOf(node: NodeNumber): WordIndex {
    return this.words[this.nodeBase(node) + NODE.lock]!;
  }

  /** All nodes that can be reached from the head of a bucket, in order; what cannot be a node ends it. */
  nodesOf(bucket: WordIndex, agentsMax: number): NodeNumber[] {
    const found: NodeNumber[] = [];
    const last = (agentsMax + 1) * NODES;
    let node = this.words[bucket + BUCKET.head]!;
    while (node >= NODES && node < last && !found.includes(node)) {
      found.push(node);
      node = this.words[this.nodeBase(node) + NODE.next]!;
    }
    return found;
  }

  /** Makes these nodes the queue of a bucket. Caller holds: the bucket lock, or has inherited it. */
  setNodes(bucket: WordIndex, nodes: readonly NodeNumber[]): void {
    const { words } = this;
    words[bucket + BUCKET.head] = nodes[0] ?? 0;
    words[bucket + BUCKET.tail] = nodes.at(-1) ?? 0;
    for (const [at, node] of nodes.entries()) words[this.nodeBase(node) + NODE.next] = nodes[at + 1] ?? 0;
  }

  private nodeBase(node: NodeNumber): WordIndex {
    const { agents, agentStride } = this.place;
    return agents + Math.floor(node / NODES) * agentStride + (node % NODES) * NODE_WORDS;
  }

  parkWord(node: NodeNumber): WordIndex {
    return this.nodeBase(node) + NODE.park;
  }

  parkState(node: NodeNumber): number {
    // order: acquire, pairs with wake. GRANTED: what the lock protects is as its last writer left it.
    return Atomics.load(this.words, this.parkWord(node));
  }

  /** Says that the node's agent is about to sleep. Caller holds: the bucket lock. */
  setParked(node: NodeNumber): void {
    // order: relaxed. The bucket lock orders it before every wake.
    Atomics.store(this.words, this.parkWord(node), PARKED);
  }

  /** Ends an async wait that has been given up, so that its promise does not linger. Caller holds: nothing. */
  retireNode(node: NodeNumber): void {
    const park = this.parkWord(node);
    // order: none. Nobody else looks at the park word of an unlinked node.
    Atomics.store(this.words, park, IDLE);
    // order: none. Only this agent's own abandoned wait can be on the word.
    Atomics.notify(this.words, park);
    this.freeNodes.push(node);
  }

  /** Sets a park word; the notify follows in `unlockBucket`. Caller holds: the bucket lock. */
  wake(node: NodeNumber, state: number): void {
    const park = this.parkWord(node);
    // order: release, pairs with parkState and with the compare in Atomics.wait. A grant was counted before this.
    Atomics.store(this.words, park, state);
    this.woken.push(park);
  }

  // Plain accesses from here on: the bucket lock guards them.

  flagsOf(node: NodeNumber): number {
    return this.words[this.nodeBase(node) + NODE.flags]!;
  }

  setFlags(node: NodeNumber, flags: number): void {
    this.words[this.nodeBase(node) + NODE.flags] = flags;
  }

  /** Counts one more time that the node was passed over, and returns how often that has happened. */
  passOver(node: NodeNumber): number {
    return ++this.words[this.nodeBase(node) + NODE.tries];
  }

  /** First node of the lock's queue; 0 when it is empty. */
  first(bucket: WordIndex, lock: WordIndex): NodeNumber {
    return this.seek(this.words[bucket + BUCKET.head]!, lock);
  }

  /** Next node of the lock's queue; 0 at its end. */
  next(node: NodeNumber, lock: WordIndex): NodeNumber {
    return this.seek(this.after(node), lock);
  }

  private seek(from: NodeNumber, lock: WordIndex): NodeNumber {
    const { words } = this;
    const key = lock | 0;
    for (let node = from; node !== 0; node = this.after(node)) {
      if (words[this.nodeBase(node) + NODE.lock] === key) return node;
    }
    return 0;
  }

  /** Next node of the bucket; 0 at its end. @throws ERR_ZS_CORRUPT after too many steps in one section. */
  private after(node: NodeNumber): NodeNumber {
    if (--this.stepsLeft < 0) {
      this.unlockBucket(this.section);
      throw endlessQueue(node, STEPS_MAX);
    }
    return this.words[this.nodeBase(node) + NODE.next]!;
  }

  /** Appends a node to the lock's queue. */
  link(bucket: WordIndex, node: NodeNumber, lock: WordIndex, flags: number): void {
    const { words } = this;
    const base = this.nodeBase(node);
    words[base + NODE.lock] = lock | 0;
    words[base + NODE.flags] = flags;
    words[base + NODE.next] = 0;
    words[base + NODE.tries] = 0;
    const tail = words[bucket + BUCKET.tail]!;
    if (tail === 0) words[bucket + BUCKET.head] = node;
    else words[this.nodeBase(tail) + NODE.next] = node;
    words[bucket + BUCKET.tail] = node;
  }

  unlink(bucket: WordIndex, node: NodeNumber): void {
    const { words } = this;
    let before = 0;
    for (let at = words[bucket + BUCKET.head]!; at !== node; at = this.after(at)) before = at;
    const next = words[this.nodeBase(node) + NODE.next]!;
    if (before === 0) words[bucket + BUCKET.head] = next;
    else words[this.nodeBase(before) + NODE.next] = next;
    if (next === 0) words[bucket + BUCKET.tail] = before;
  }
}
