// What one agent holds, in the order in which it took it. Arrays side by side: nothing is allocated for an acquisition.

import type { Node } from './nodes.ts';
import type { Operation } from './operations.ts';
import { HOLD_BEGIN, LOCK, LOCK_CLASS_OF, MOVE_BEGIN } from './operations.ts';
import type { Place } from './places.ts';

/** See the head of the file. */
export class HeldLocks {
  depth = 0;
  readonly node: Node[] = [];
  /** Zspage, where the node is one; 0 else. */
  readonly zspage: number[] = [];
  readonly operation: Operation[] = [];
  readonly stack: (Error | undefined)[] = [];
  readonly exact: boolean[] = [];
  /** Reported once for being held at the end of a turn. */
  readonly reported: boolean[] = [];

  push(node: Node, zspage: number, operation: Operation, stack: Error | undefined, exact: boolean): void {
    const at = this.depth++;
    this.node[at] = node;
    this.zspage[at] = zspage;
    this.operation[at] = operation;
    this.stack[at] = stack;
    this.exact[at] = exact;
    this.reported[at] = false;
  }

  /** Index of the newest hold of a node and zspage that `operation` made, any operation if 0; -1 when there is none. */
  find(node: Node, zspage: number, operation: Operation): number {
    for (let at = this.depth - 1; at >= 0; at--) {
      if (this.node[at] !== node || this.zspage[at] !== zspage) continue;
      if (operation === 0 || this.operation[at] === operation) return at;
    }
    return -1;
  }

  remove(at: number): void {
    const last = --this.depth;
    for (let to = at; to < last; to++) {
      this.node[to] = this.node[to + 1]!;
      this.zspage[to] = this.zspage[to + 1]!;
      this.operation[to] = this.operation[to + 1]!;
      this.stack[to] = this.stack[to + 1];
      this.exact[to] = this.exact[to + 1]!;
      this.reported[to] = this.reported[to + 1]!;
    }
    this.stack[last] = undefined;
  }

  placeAt(at: number): Place {
    return { operation: this.operation[at]!, stack: this.stack[at], exact: this.exact[at]! };
  }

  /** True when others were waited for to get it, and now wait for its holder: its own edges stand for those below it. */
  isWaitedFor(at: number): boolean {
    const operation = this.operation[at];
    return operation === LOCK || operation === LOCK_CLASS_OF || operation === MOVE_BEGIN;
  }

  /** True for a hold that is meant to last across turns. */
  isHold(at: number): boolean {
    return this.operation[at] === HOLD_BEGIN;
  }
}
