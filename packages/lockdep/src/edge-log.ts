// Who made an edge first, and where: what a report says of the other agents' side.
//
// RULES
//   1. A record is claimed, written, and then shown by its key. It is never written again.
//   2. An edge is recorded before its bit is set, so whoever finds the bit finds a record, unless the log is full.
//   3. Two agents that make an edge at the same time record it twice; a report names the first.

import type { AgentIndex, WordIndex, Words } from '@zsmalloc/core/words';
import type { Node } from './nodes.ts';
import { EDGE, EDGES_MAX } from './records.ts';

const NODE_BITS = 8;
const PLACE_BITS = 15;
const PLACE_MASK = (1 << PLACE_BITS) - 1;

/** An edge as it was made first. */
export interface Edge {
  readonly agent: AgentIndex;
  /** Where the held lock was taken, and where the other was wanted: operations.ts. */
  readonly heldPlace: number;
  readonly wantedPlace: number;
}

/** See the head of the file. */
export class EdgeLog {
  private readonly words: Words;
  private readonly countWord: WordIndex;
  private readonly base: WordIndex;

  constructor(words: Words, countWord: WordIndex, base: WordIndex) {
    this.words = words;
    this.countWord = countWord;
    this.base = base;
  }

  record(held: Node, wanted: Node, { agent, heldPlace, wantedPlace }: Edge): void {
    const { words } = this;
    // order: relaxed, no partner. Only the number counts.
    const index = Atomics.add(words, this.countWord, 1);
    if (index >= EDGES_MAX) {
      // order: relaxed, no partner. So that the count cannot overflow.
      Atomics.store(words, this.countWord, EDGES_MAX);
      return;
    }
    const record = this.base + index * EDGE.words;
    words[record + EDGE.at.places] = heldPlace | (wantedPlace << PLACE_BITS);
    // order: release, pairs with find. The places are written.
    Atomics.store(words, record + EDGE.at.key, keyOf(held, wanted) | (agent << (2 * NODE_BITS)));
  }

  /** The first record of an edge; undefined when the log was full. */
  find(held: Node, wanted: Node): Edge | undefined {
    const { words } = this;
    // order: relaxed, pairs with record. Keys decide.
    const count = Math.min(EDGES_MAX, Atomics.load(words, this.countWord));
    for (let index = 0; index < count; index++) {
      const record = this.base + index * EDGE.words;
      // order: acquire, pairs with record.
      const key = Atomics.load(words, record + EDGE.at.key);
      if (key === 0 || (key & 0xffff) !== keyOf(held, wanted)) continue;
      const places = words[record + EDGE.at.places]!;
      return {
        agent: key >>> (2 * NODE_BITS),
        heldPlace: places & PLACE_MASK,
        wantedPlace: places >>> PLACE_BITS,
      };
    }
    return undefined;
  }
}

function keyOf(held: Node, wanted: Node): number {
  return held | (wanted << NODE_BITS);
}
