// The nodes of the order graph: what an agent can hold while others wait for it.
//
// STRUCTURE LOCKS 0 to n - 1 are their own nodes. Three more follow:
//   pool      lookups against movers, as one lock: a waiting mover can stop new lookups
//   mover     a zspage shut by a mover. Readers wait for it; nobody waits to become one, as movers only try
//   readers   readers inside zspages. Nobody waits for them, but grace periods
//
// So reading and moving a zspage are two nodes, and a reader that compacts closes no cycle: nobody waits for readers.
// The declared order is the contract's: pool > class > mover; class > handles > pages. Everything else is discovered.

import type { StrategyHost } from '@zsmalloc/core/strategy';

/** Number of a node. */
export type Node = number;

/** The nodes of one pool. */
export class Nodes {
  readonly count: number;
  readonly classes: number;
  readonly pool: Node;
  readonly mover: Node;
  readonly readers: Node;
  private readonly host: StrategyHost;

  constructor(host: StrategyHost) {
    this.host = host;
    this.classes = host.lockCount - 2;
    this.pool = host.lockCount;
    this.mover = host.lockCount + 1;
    this.readers = host.lockCount + 2;
    this.count = host.lockCount + 3;
  }

  /** True when the contract says that `upper` is taken before `lower`. */
  isAbove(upper: Node, lower: Node): boolean {
    const { classes, pool, mover } = this;
    if (upper === pool) return lower !== pool && lower !== this.readers;
    if (upper < classes) return lower === mover || lower === classes || lower === classes + 1;
    return upper === classes && lower === classes + 1;
  }

  /** The lock of a node, in words. */
  nameOf(node: Node): string {
    const { classes, host } = this;
    if (node < classes) return `class lock ${node} (slots of ${host.slotBytes(node)} bytes)`;
    if (node === classes) return 'handles lock';
    if (node === classes + 1) return 'pages lock';
    if (node === this.pool) return 'pool lock';
    return node === this.mover ? 'zspage lock of a mover' : 'zspage lock of a reader';
  }
}
