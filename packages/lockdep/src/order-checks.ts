// Checks the order of locks as one agent waits for them, against the declared order and against what all agents did.
//
// RULES
//   1. The check comes before the wait: a deadlock that is about to happen is reported, not suffered.
//   2. Whatever is held counts, a lock that was only tried as well. What is tried is not waited for, so it makes no edge.
//   3. Edges lead from the newest lock that others wait for, and from everything taken after it. Older ones have edges
//      to that lock already, so a way through it exists.
//   4. An edge that has passed is not looked at again by this agent. One that closes a cycle stays in the matrix, and is
//      reported each time.

import type { StrategyHost } from '@zsmalloc/core/strategy';
import { ZsmallocError } from '@zsmalloc/core/words';
import type { EdgeLog } from './edge-log.ts';
import type { HeldLocks } from './held-locks.ts';
import type { Node, Nodes } from './nodes.ts';
import { OPERATIONS, operationOf, siteOf } from './operations.ts';
import type { Operation } from './operations.ts';
import type { OrderGraph } from './order-graph.ts';
import { describePlace } from './places.ts';
import type { Places } from './places.ts';
import { here } from './reports.ts';
import type { Line, Reports } from './reports.ts';
import type { SiteTable } from './site-table.ts';

/** What the checks look at and write to. */
export interface OrderParts {
  readonly host: StrategyHost;
  readonly nodes: Nodes;
  readonly held: HeldLocks;
  readonly graph: OrderGraph;
  readonly log: EdgeLog;
  readonly sites: SiteTable;
  readonly places: Places;
  readonly reports: Reports;
}

const ADVICE = 'Take them in one order everywhere, or try instead of waiting.';

/** See the head of the file. */
export class OrderChecks {
  private readonly parts: OrderParts;
  private readonly held: HeldLocks;
  private readonly count: number;
  /** Edges that this agent has checked: row held, column wanted. */
  private readonly passed: Uint8Array;

  constructor(parts: OrderParts) {
    this.parts = parts;
    this.held = parts.held;
    this.count = parts.nodes.count;
    this.passed = new Uint8Array(this.count * this.count);
  }

  /** The agent is about to wait for a lock. Throws ERR_ZS_LOCKDEP_ORDER, having changed nothing but the matrix. */
  wants(wanted: Node, operation: Operation): void {
    const { held, passed, count } = this;
    for (let at = held.depth - 1; at >= 0; at--) {
      const edge = held.node[at]! * count + wanted;
      if (passed[edge] === 0) {
        this.check(at, wanted, operation);
        passed[edge] = 1;
      }
      if (held.isWaitedFor(at)) return;
    }
  }

  private check(at: number, wanted: Node, operation: Operation): void {
    const { host, nodes, graph, log, places } = this.parts;
    const node = this.held.node[at]!;
    if (nodes.isAbove(wanted, node)) throw this.againstDeclared(at, wanted, operation);
    if (!graph.has(node, wanted)) {
      log.record(node, wanted, {
        agent: host.agent.index,
        heldPlace: places.shared(this.held.operation[at]!, node, at > 0),
        wantedPlace: places.shared(operation, wanted, true),
      });
    }
    graph.add(node, wanted);
    const path = node === wanted ? [node] : graph.findPath(wanted, node);
    if (path !== undefined) throw this.againstOthers(at, wanted, operation, path);
  }

  private againstDeclared(at: number, wanted: Node, operation: Operation): ZsmallocError {
    const { nodes } = this.parts;
    const [held, wants] = [nodes.nameOf(this.held.node[at]!), nodes.nameOf(wanted)];
    return this.parts.reports.make(
      'ERR_ZS_LOCKDEP_ORDER',
      `cannot take the ${wants}: agent ${this.agent} holds the ${held}, and the order is pool > class > zspage and class > handles > pages. Take the ${wants} first, or try it.`,
      this.ownLines(at, wanted, operation),
      { agent: this.agent, held, wanted: wants, declared: true },
    );
  }

  private againstOthers(at: number, wanted: Node, operation: Operation, path: readonly Node[]): ZsmallocError {
    const { nodes } = this.parts;
    const [held, wants] = [nodes.nameOf(this.held.node[at]!), nodes.nameOf(wanted)];
    const others = path.slice(1).map((next, index) => this.lineOf(path[index]!, next));
    return this.parts.reports.make(
      'ERR_ZS_LOCKDEP_ORDER',
      `cannot take the ${wants}: agent ${this.agent} holds the ${held}, and the locks have been taken the other way round, so that agents can wait for each other for ever. ${ADVICE}`,
      [...this.ownLines(at, wanted, operation), ...others],
      { agent: this.agent, held, wanted: wants, declared: false, edges: path.length },
    );
  }

  private ownLines(at: number, wanted: Node, operation: Operation): Line[] {
    const { nodes } = this.parts;
    return [
      {
        what: `agent ${this.agent} took the ${nodes.nameOf(this.held.node[at]!)}`,
        where: describePlace(this.held.placeAt(at)),
      },
      { what: `agent ${this.agent} wants the ${nodes.nameOf(wanted)}`, where: here(operation) },
    ];
  }

  /** What is recorded of an edge, by whichever agent it was. */
  private lineOf(from: Node, to: Node): Line {
    const { nodes, log } = this.parts;
    const edge = log.find(from, to);
    if (edge === undefined) {
      return {
        what: `an agent held the ${nodes.nameOf(from)} and waited for the ${nodes.nameOf(to)}`,
        where: 'not recorded, the log was full',
      };
    }
    return {
      what: `agent ${edge.agent} held the ${nodes.nameOf(from)} and waited for the ${nodes.nameOf(to)}`,
      where: `taken by ${this.sharedPlace(edge.heldPlace)}; waited by ${this.sharedPlace(edge.wantedPlace)}`,
    };
  }

  /** A place that some agent has recorded, in words. */
  sharedPlace(place: number): string {
    const text = this.parts.sites.textOf(siteOf(place));
    const operation = OPERATIONS[operationOf(place)] ?? 'an unknown operation';
    return text === '' ? `${operation} (call site not recorded)` : `${operation} at ${text}`;
  }

  private get agent(): number {
    return this.parts.host.agent.index;
  }
}
