// Checks of pairing: taken twice, given back without having been taken, changed without the lock, kept at detach.
//
// Each structure lock has a word of lockdep's, which its holder writes under it: who took it last, where, and whether it is
// held. So the report of a foreign unlock can name the owner's place.

import type { StrategyHost, ZspageIndex } from '@zsmalloc/core/strategy';
import type { ErrorFacts, WordIndex, Words } from '@zsmalloc/core/words';
import { ZsmallocError } from '@zsmalloc/core/words';
import type { AgentChecks } from './agent-checks.ts';
import type { HeldLocks } from './held-locks.ts';
import { enrolled } from './isolate.ts';
import type { Node, Nodes } from './nodes.ts';
import { OPERATIONS } from './operations.ts';
import type { Operation } from './operations.ts';
import type { OrderChecks } from './order-checks.ts';
import { capture, describePlace } from './places.ts';
import type { Places } from './places.ts';
import { LOCK } from './records.ts';
import { here } from './reports.ts';
import type { Line, Reports } from './reports.ts';

const AGENT_MASK = 0xff;
const PLACE_SHIFT = 8;
const PLACE_MASK = 0x7fff;
const HELD = 1 << 23;

/** What the checks look at. */
export interface MisuseParts {
  readonly host: StrategyHost;
  readonly nodes: Nodes;
  readonly checks: AgentChecks;
  readonly order: OrderChecks;
  readonly places: Places;
  readonly reports: Reports;
  /** Words of the decorated strategy in each structure lock. */
  readonly lockWords: number;
}

/** The last hold of a kind that has ended. Changed in place: nothing is allocated where nothing is wrong. */
interface Ended {
  at: Error | undefined;
  zspage: number;
  /** 0 while there has been none. */
  operation: Operation;
  exact: boolean;
}

/** See the head of the file. */
export class Misuse {
  private readonly parts: MisuseParts;
  private readonly nodes: Nodes;
  private readonly held: HeldLocks;
  private readonly words: Words;
  private readonly ownerBase: WordIndex;
  private readonly ownerStride: number;
  /** What this agent gave back last: a read, and a zspage or the pool lock of a mover. */
  private readonly endedRead: Ended = { at: undefined, zspage: 0, operation: 0, exact: false };
  private readonly endedMove: Ended = { at: undefined, zspage: 0, operation: 0, exact: false };

  constructor(parts: MisuseParts) {
    const { host, nodes, checks, lockWords } = parts;
    this.parts = parts;
    this.nodes = nodes;
    this.held = checks.held;
    this.words = host.agent.words;
    this.ownerBase = host.lockBase + lockWords + LOCK.at.owner;
    this.ownerStride = host.lockStride;
  }

  /** A structure lock was taken, and is among what is held. */
  noteLocked(index: number, operation: Operation): void {
    const { host, places } = this.parts;
    const place = places.shared(operation, index, this.held.depth > 1);
    // Plain: under the lock. A stranger that reads it does so for a report only.
    this.words[this.ownerWord(index)] = host.agent.index | (place << PLACE_SHIFT) | HELD;
  }

  /** A structure lock is about to be unlocked. */
  noteUnlocked(index: number): void {
    // Plain: as above.
    this.words[this.ownerWord(index)]! &= ~HELD;
  }

  /** Throws ERR_ZS_LOCKDEP_RECURSION when this agent has the lock already. */
  expectNotLocked(index: number, operation: Operation): void {
    const at = this.held.find(index, 0, 0);
    if (at >= 0) throw this.recursion(at, operation);
  }

  /** Throws ERR_ZS_LOCKDEP_RECURSION when this agent has shut lookups out, and would wait for itself. */
  expectNotMoving(operation: Operation): void {
    const at = this.held.find(this.nodes.pool, 0, 0);
    if (at >= 0) throw this.recursion(at, operation);
  }

  /** Index of the hold, or ERR_ZS_LOCKDEP_UNLOCK. */
  expectLocked(index: number): number {
    const at = this.held.find(index, 0, 0);
    return at >= 0 ? at : this.notHeld(index, 'unlock', this.ownerLine(index));
  }

  /** Index of the hold, or ERR_ZS_LOCKDEP_UNLOCK. */
  expectMoving(): number {
    const at = this.held.find(this.nodes.pool, 0, 0);
    return at >= 0
      ? this.end(at, this.endedMove)
      : this.notHeld(this.nodes.pool, 'moveEnd', this.endedLine(this.endedMove));
  }

  /** Index of the hold, or ERR_ZS_LOCKDEP_UNLOCK. */
  expectRelocating(zspage: ZspageIndex): number {
    const { mover } = this.nodes;
    const at = this.held.find(mover, zspage, 0);
    return at >= 0
      ? this.end(at, this.endedMove)
      : this.notHeld(mover, 'relocateEnd', this.endedLine(this.endedMove), zspage);
  }

  /** Index of the read, write or hold, or ERR_ZS_LOCKDEP_UNLOCK. */
  expectOpen(zspage: ZspageIndex, operation: Operation): number {
    const { readers } = this.nodes;
    const at = this.held.find(readers, zspage, operation);
    if (at >= 0) return this.end(at, this.endedRead);
    const name = OPERATIONS[operation]!.replace('Begin', 'End');
    const other = enrolled()
      .filter(({ buffer }) => buffer === this.words.buffer)
      .map((agent) => agent.describeReader(zspage))
      .find((reader) => reader !== undefined);
    const earlier = other === undefined ? this.endedLine(this.endedRead) : { what: 'who is inside', where: other };
    return this.notHeld(readers, name, earlier, zspage);
  }

  /** Throws ERR_ZS_LOCKDEP_UNHELD when this agent holds no class lock. */
  expectClassLock(what: string): void {
    const { held, nodes } = this;
    for (let at = held.depth - 1; at >= 0; at--) if (held.node[at]! < nodes.classes) return;
    const lines = [...this.parts.checks.lines(), this.lastClassLine(), this.callLine(what)];
    throw this.parts.reports.make(
      'ERR_ZS_LOCKDEP_UNHELD',
      `cannot ${what}: agent ${this.agent} holds no class lock, which guards what the call changes. Lock the object's class first, and unlock it after.`,
      lines.filter((line) => line !== undefined),
      { agent: this.agent, call: what },
    );
  }

  /** Throws ERR_ZS_LOCKDEP_LEAK when this agent still holds something. */
  expectNothingHeld(): void {
    const { depth } = this.held;
    if (depth === 0) return;
    throw this.parts.reports.make(
      'ERR_ZS_LOCKDEP_LEAK',
      `cannot detach agent ${this.agent}: it still holds ${depth} locks, which nobody could give back. End them first.`,
      [...this.parts.checks.lines(), this.callLine('detach')],
      { agent: this.agent, held: depth },
    );
  }

  private recursion(at: number, operation: Operation): ZsmallocError {
    const name = this.nodes.nameOf(this.held.node[at]!);
    return this.parts.reports.make(
      'ERR_ZS_LOCKDEP_RECURSION',
      `cannot take the ${name} in ${OPERATIONS[operation]}: agent ${this.agent} holds it already and would wait for itself. Unlock it first.`,
      [this.parts.checks.lineAt(at), { what: 'it is taken again', where: here(operation) }],
      { agent: this.agent, held: name },
    );
  }

  private notHeld(node: Node, call: string, earlier: Line, zspage = 0): never {
    const name = `${this.nodes.nameOf(node)}${zspage === 0 ? '' : ` (zspage ${zspage})`}`;
    const facts: ErrorFacts = { agent: this.agent, lock: name };
    throw this.parts.reports.make(
      'ERR_ZS_LOCKDEP_UNLOCK',
      `cannot ${call} the ${name}: agent ${this.agent} does not hold it. Pair each ${call} with one begin or lock of the same agent.`,
      [earlier, this.callLine(call)],
      facts,
    );
  }

  /** Remembers what is about to be given back, for the report of giving it back twice. */
  private end(at: number, ended: Ended): number {
    const { held } = this;
    ended.at = held.stack[at];
    ended.zspage = held.zspage[at]!;
    ended.operation = held.operation[at]!;
    ended.exact = held.exact[at]!;
    return at;
  }

  private endedLine({ at, zspage: last, operation, exact }: Ended): Line {
    if (operation === 0) return { what: 'its last one', where: `agent ${this.agent} has had none` };
    const zspage = last === 0 ? '' : `, of zspage ${last},`;
    const where = describePlace({ operation, stack: at, exact });
    return { what: `its last one${zspage} has ended; it was taken by`, where };
  }

  /** What the shared word says of a structure lock. */
  private ownerLine(index: number): Line {
    const owner = Atomics.load(this.words, this.ownerWord(index));
    if (owner === 0) return { what: 'its owner', where: 'nobody has ever taken it' };
    const agent = owner & AGENT_MASK;
    const name = this.nodes.nameOf(index);
    const state = (owner & HELD) === 0 ? `took the ${name} last, and has unlocked it` : `holds the ${name}`;
    return {
      what: `agent ${agent} ${state}`,
      where: this.parts.order.sharedPlace((owner >>> PLACE_SHIFT) & PLACE_MASK),
    };
  }

  private lastClassLine(): Line | undefined {
    for (let index = 0; index < this.nodes.classes; index++) {
      const owner = this.words[this.ownerWord(index)]!;
      if ((owner & AGENT_MASK) === this.agent) return this.ownerLine(index);
    }
    return undefined;
  }

  private callLine(what: string): Line {
    return { what: 'the call', where: `${what}${describePlace({ operation: 0, stack: capture(), exact: true })}` };
  }

  private ownerWord(index: number): WordIndex {
    return this.ownerBase + index * this.ownerStride;
  }

  private get agent(): number {
    return this.parts.host.agent.index;
  }
}
