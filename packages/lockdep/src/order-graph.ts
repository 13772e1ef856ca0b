// The dependency matrix in the pool's buffer: which lock was held while which other was waited for, by any agent.
//
// RULES
//   1. An agent sets the bit of an edge, and then searches for a way back. Of the edges of a cycle, the one that is set
//      last is followed by a search that sees all of them: so at least one agent finds each cycle, although no deadlock
//      has happened and the edges come from different agents.
//   2. Bits are never cleared. What was seen once can happen again.
//
// Source: the dependency graph of Linux lockdep, Documentation/locking/lockdep-design.rst.

import type { WordIndex, Words } from '@zsmalloc/core/words';
import type { Node } from './nodes.ts';
import { ROW_BITS, ROW_WORDS } from './records.ts';

/** See the head of the file. */
export class OrderGraph {
  private readonly words: Words;
  private readonly base: WordIndex;
  private readonly count: number;
  private readonly rowWords: number;

  /** @param base First word of a matrix of NODES_MAX rows. */
  constructor(words: Words, base: WordIndex, count: number) {
    this.words = words;
    this.base = base;
    this.count = count;
    this.rowWords = Math.ceil(count / ROW_BITS);
  }

  has(held: Node, wanted: Node): boolean {
    // order: acquire, pairs with add. What was recorded of the edge before its bit was set is visible.
    return (Atomics.load(this.words, this.wordOf(held, wanted)) & bitOf(wanted)) !== 0;
  }

  /** Sets the bit of an edge. */
  add(held: Node, wanted: Node): void {
    // order: sequentially consistent, pairs with the loads of findPath. Of two agents that add, one search sees both.
    Atomics.or(this.words, this.wordOf(held, wanted), bitOf(wanted));
  }

  /** Nodes of a shortest way along edges, both ends included; undefined when there is none. */
  findPath(from: Node, to: Node): Node[] | undefined {
    const before = new Int16Array(this.count).fill(-1);
    before[from] = from;
    const queue = [from];
    for (const node of queue) {
      for (const next of this.after(node)) {
        if (before[next]! >= 0 && next !== to) continue;
        before[next] = node;
        if (next === to) return trace(before, from, to);
        queue.push(next);
      }
    }
    return undefined;
  }

  private after(node: Node): Node[] {
    const found: Node[] = [];
    for (let index = 0; index < this.rowWords; index++) {
      // order: sequentially consistent, pairs with add: rule 1.
      let bits = Atomics.load(this.words, this.base + node * ROW_WORDS + index);
      for (; bits !== 0; bits &= bits - 1) found.push(index * ROW_BITS + 31 - Math.clz32(bits & -bits));
    }
    return found;
  }

  private wordOf(held: Node, wanted: Node): WordIndex {
    return this.base + held * ROW_WORDS + Math.floor(wanted / ROW_BITS);
  }
}

function bitOf(node: Node): number {
  return 1 << (node % ROW_BITS);
}

function trace(before: Int16Array, from: Node, to: Node): Node[] {
  const path = [to];
  let node = before[to]!;
  for (; node !== from; node = before[node]!) path.unshift(node);
  path.unshift(from);
  return path;
}
