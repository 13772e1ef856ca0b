// Epoch-based reclamation in its smallest form: exact pins, one slot an agent.
//
// RULES
//   1. A reader pins, then loads the cell. After unpin it uses nothing of what it found.
//   2. A writer unlinks, and samples EPOCH after that.
//   3. What was unlinked is unreachable when EPOCH is GRACE further on.
//
// Source: Fraser 2004; shared/reference/locks.md C.1, which has the proof.

import type { StrategyHost } from '@zsmalloc/core/strategy';
import type { WordIndex, Words } from '@zsmalloc/core/words';
import { misused } from './misuse.ts';

const EPOCH_MASK = (1 << 28) - 1;
export const ACTIVE = 1;
const GRACE = 2;

/** See the head of the file. */
export class Epochs {
  /** Open sections of this agent. */
  open = 0;
  protected readonly host: StrategyHost;
  protected readonly words: Words;
  protected readonly epochWord: WordIndex;
  protected readonly slot: WordIndex;

  constructor(host: StrategyHost) {
    this.host = host;
    this.words = host.agent.words;
    this.epochWord = host.poolBase;
    this.slot = this.slotOf(host.agent.index);
  }

  pin(): void {
    if (this.open++ === 0) this.enter();
  }

  unpin(): void {
    if (this.open === 0) throw misused('end a section that was not begun', this.slot, this.host.agent.index);
    if (--this.open === 0) this.leave();
  }

  sample(): number {
    // order: acquire, pairs with advance. After the caller's unlink: rule 2.
    return Atomics.load(this.words, this.epochWord);
  }

  /** Advances EPOCH if every open section has seen it as it is. */
  advance(): boolean {
    const epoch = this.sample();
    for (let agent = 1; agent <= this.host.agentsMax; agent++) {
      // order: acquire, pairs with leave. The section's reads are finished.
      const slot = Atomics.load(this.words, this.slotOf(agent));
      if ((slot & ACTIVE) !== 0 && slot >>> 1 !== epoch) return false;
    }
    // order: release, pairs with sample.
    Atomics.compareExchange(this.words, this.epochWord, epoch, (epoch + 1) & EPOCH_MASK);
    return true;
  }

  /** True when what was unlinked before `sampled` is unreachable. */
  isOver(sampled: number): boolean {
    return ((this.sample() - sampled) & EPOCH_MASK) >= GRACE;
  }

  protected enter(): void {
    // order: release and acquire, pairs with advance. EPOCH may be stale: that delays, and no more.
    Atomics.store(this.words, this.slot, (this.words[this.epochWord]! << 1) | ACTIVE);
  }

  protected leave(): void {
    // order: release, pairs with advance. Our reads are finished.
    Atomics.store(this.words, this.slot, 0);
  }

  protected slotOf(agent: number): WordIndex {
    return this.host.agentBase + agent * this.host.agentStride;
  }
}
