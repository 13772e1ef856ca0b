// One agent's side of lockdep: what it holds, and the checks of taking and giving back.
//
// ATOMIC CONTEXT   A structure lock, the pool lock and a mover's zspage are atomic where the strategy spins; a read where a
// reader pins or spins. Where readers may sleep (`holdAcrossAwait` without `relocatesBesideReaders`) a read is not, and where
// acquiring parks no lock is. A hold (`holdBegin`) is never, where the strategy offers it.
//
// END OF A TURN    Only holds may last. Asked by a microtask that the first acquisition of a turn queues: it runs when the
// synchronous code has returned, so `await` ends a turn too. An agent that never returns is asked when it waits: isolate.ts.

import type { Capabilities, StrategyHost } from '@zsmalloc/core/strategy';
import type { ZsmallocError } from '@zsmalloc/core/words';
import { HeldLocks } from './held-locks.ts';
import { isolate } from './isolate.ts';
import type { CheckedAgent } from './isolate.ts';
import { enrol, enrolled } from './isolate.ts';
import type { Node, Nodes } from './nodes.ts';
import { HOLD_BEGIN, OPERATIONS, READ_BEGIN, UNLOCK, WRITE_BEGIN } from './operations.ts';
import type { Operation } from './operations.ts';
import type { LockdepOptions } from './options.ts';
import { capture, describePlace } from './places.ts';
import type { Places } from './places.ts';
import { here } from './reports.ts';
import type { Line, Reports } from './reports.ts';

const settled = Promise.resolve();

/** See the head of the file. */
export class AgentChecks implements CheckedAgent {
  readonly held: HeldLocks = new HeldLocks();
  readonly buffer: ArrayBufferLike;
  atomic = 0;
  private readonly host: StrategyHost;
  private readonly nodes: Nodes;
  private readonly places: Places;
  private readonly reports: Reports;
  private readonly options: Required<LockdepOptions>;
  private readonly capabilities: Capabilities;
  private readonly id: string;
  /** 1 where a hold by the operation is atomic: see the head of the file. */
  private readonly atomicBy: Uint8Array;
  private readonly holdsMayLast: boolean;
  private readonly worksWithoutBlocking: boolean;
  private armed = false;
  private readonly turnCheck: () => void;

  constructor(
    host: StrategyHost,
    id: string,
    capabilities: Capabilities,
    nodes: Nodes,
    places: Places,
    reports: Reports,
    options: Required<LockdepOptions>,
  ) {
    const { parks, holdAcrossAwait, relocatesBesideReaders } = capabilities;
    this.host = host;
    this.id = id;
    this.capabilities = capabilities;
    this.nodes = nodes;
    this.places = places;
    this.reports = reports;
    this.options = options;
    this.buffer = host.agent.words.buffer;
    this.atomicBy = new Uint8Array(OPERATIONS.length).fill(parks && !relocatesBesideReaders ? 0 : 1);
    const readsAreAtomic = holdAcrossAwait && !relocatesBesideReaders ? 0 : 1;
    this.atomicBy[READ_BEGIN] = readsAreAtomic;
    this.atomicBy[WRITE_BEGIN] = readsAreAtomic;
    this.atomicBy[HOLD_BEGIN] = holdAcrossAwait ? 0 : 1;
    this.holdsMayLast = holdAcrossAwait;
    this.worksWithoutBlocking = capabilities.worksWithoutBlocking;
    this.turnCheck = (): void => {
      this.armed = false;
      this.checkTurn();
    };
    if (options.modelled) {
      this.armed = true;
      this.atomicBy.fill(0);
    } else enrol(this);
  }

  /** Notes that something was taken. */
  took(node: Node, zspage: number, operation: Operation): void {
    const { held, places } = this;
    const stack = places.take(operation, node, held.depth > 0);
    held.push(node, zspage, operation, stack, places.isExact);
    const atomic = this.atomicBy[operation]!;
    this.atomic += atomic;
    isolate.atomic += atomic;
    if (!this.armed) {
      this.armed = true;
      void settled.then(this.turnCheck);
    }
  }

  /** Notes that something is given back. */
  gave(at: number): void {
    const atomic = this.atomicBy[this.held.operation[at]!]!;
    this.held.remove(at);
    this.atomic -= atomic;
    isolate.atomic -= atomic;
  }

  /** A call that may wait for another agent's progress. Throws ERR_ZS_LOCKDEP_SLEEP where that is not allowed. */
  mayWait(operation: Operation, sleeps: boolean): void {
    const { host } = this;
    if (!this.worksWithoutBlocking && !host.agent.mayBlock) {
      throw this.sleepReport(
        `agent ${host.agent.index} must not block, and strategy "${this.id}" does not work without. Use another strategy on this agent, or try instead of waiting.`,
        [],
        operation,
      );
    }
    // What this agent itself holds is no matter: its strategy is made for it, and its order is checked.
    if (!sleeps || isolate.atomic === this.atomic) return;
    const other = enrolled().find((agent): agent is AgentChecks => agent !== this && agent.atomic > 0);
    if (other === undefined) return;
    throw this.sleepReport(
      `strategy "${this.id}" may sleep here, and this thread is in atomic context: ${other.newestAtomic().what}. End that first.`,
      [other.newestAtomic()],
      operation,
    );
  }

  /** `mayWait` for a strategy that waits where a call ends: reported but not thrown, as the lock must come free. */
  mayWaitInUnlock(): void {
    if (isolate.atomic === this.atomic) return;
    try {
      this.mayWait(UNLOCK, true);
    } catch (error) {
      this.options.report(error as ZsmallocError);
    }
  }

  /** Throws when something other than reads is held: the call waits for readers, who may wait for it. */
  expectNothingHeld(operation: Operation): void {
    const { held, nodes } = this;
    for (let at = held.depth - 1; at >= 0; at--) {
      if (held.node[at] === nodes.readers) continue;
      throw this.sleepReport(
        `reclaiming may wait for readers, and agent ${this.host.agent.index} holds the ${nodes.nameOf(held.node[at]!)}, which they may wait for. Unlock it first.`,
        [this.lineAt(at)],
        operation,
      );
    }
  }

  checkOwnWait(): void {
    const { host, capabilities, id } = this;
    if (host.agent.mayBlock && capabilities.parks) return;
    const why = host.agent.mayBlock
      ? 'says in its capabilities that it does not park'
      : `was called by agent ${host.agent.index}, which must not block`;
    throw this.reports.make(
      'ERR_ZS_LOCKDEP_SLEEP',
      `cannot wait in Atomics.wait: strategy "${id}" ${why}. A lock may yield for at most 1 ms there; correct the strategy.`,
      this.lines().concat({ what: 'the wait', where: stackHere() }),
      { agent: host.agent.index, strategy: id },
    );
  }

  reportWait(timeoutMs: number): never {
    const { index } = this.host.agent;
    throw this.reports.make(
      'ERR_ZS_LOCKDEP_SLEEP',
      `cannot wait for ${timeoutMs} ms in Atomics.wait: agent ${index} is in atomic context, so others spin for as long. End what it holds first, or use hold where the strategy offers it.`,
      [this.newestAtomic(), { what: 'the wait', where: stackHere() }],
      { agent: index, timeoutMs },
    );
  }

  describeReader(zspage: number): string | undefined {
    const at = this.held.find(this.nodes.readers, zspage, 0);
    return at < 0
      ? undefined
      : `agent ${this.host.agent.index} of this thread has it open, by ${describePlace(this.held.placeAt(at))}`;
  }

  /** What is still held, with its places. */
  lines(): Line[] {
    return Array.from({ length: this.held.depth }, (_, at) => this.lineAt(at));
  }

  lineAt(at: number): Line {
    const { held, nodes, host } = this;
    const zspage = held.zspage[at] === 0 ? '' : ` (zspage ${held.zspage[at]})`;
    return {
      what: `agent ${host.agent.index} holds the ${nodes.nameOf(held.node[at]!)}${zspage}`,
      where: describePlace(held.placeAt(at)),
    };
  }

  private checkTurn(): void {
    const { held, holdsMayLast } = this;
    for (let at = 0; at < held.depth; at++) {
      if (held.reported[at] || (holdsMayLast && held.isHold(at))) continue;
      held.reported[at] = true;
      this.options.report(this.turnReport(at));
    }
  }

  private turnReport(at: number): ZsmallocError {
    const line = this.lineAt(at);
    return this.reports.make(
      'ERR_ZS_LOCKDEP_TURN',
      `cannot return to the event loop: ${line.what}, so others wait for as long as this agent does something else. End it before the first await and before the function returns; hold is for what must last, where the strategy offers it.`,
      [line, { what: 'still held', where: 'at the end of the turn in which it was taken' }],
      { agent: this.host.agent.index, held: this.nodes.nameOf(this.held.node[at]!) },
    );
  }

  private sleepReport(why: string, lines: readonly Line[], operation: Operation): ZsmallocError {
    return this.reports.make(
      'ERR_ZS_LOCKDEP_SLEEP',
      `cannot wait: ${why}`,
      [...lines, { what: 'the call', where: here(operation) }],
      { agent: this.host.agent.index, strategy: this.id },
    );
  }

  private newestAtomic(): Line {
    let at = this.held.depth - 1;
    while (at > 0 && this.atomicBy[this.held.operation[at]!] === 0) at--;
    return this.lineAt(at);
  }
}

function stackHere(): string {
  return describePlace({ operation: 0, stack: capture(), exact: true }).trim();
}
