// Bounds the garbage: the more there is, the more a free does about it.
//
//   level   garbage above        what an agent does
//   0                            each free reclaims two slots of its class that are due; each 64th is followed by a look,
//                                which tries to advance EPOCH
//   1       1/64 of the pool     the look also asks laggards for a quiescent state, and reclaims up to 256 slots of all
//                                classes
//   2       1/16                 each 8th free is followed by a look
//   3       (the pool is full)   malloc expedites, waits and reclaims: reclaimer.ts
//   4       1/4                  the look also reports a stall
//
// A look comes after the class lock has been dropped, so it lengthens nobody's wait, and only tries further locks.
//
// The bound: two slots are reclaimed for each that is retired, so garbage whose grace period is over does not grow. What
// remains are the retires of GRACE + 1 epochs; an epoch lasts as long as the longest section in it, or 64 frees.
// A section that does not end defeats this, as it must: then EPOCH stands still, and after 1 s the stall names its agent.
//
// Source: shared/reference/locks.md C.4, after kfree_rcu() and RCU's qhimark, qlowmark and stall warnings.

import type { StrategyHost } from '@zsmalloc/core/strategy';
import type { Words } from '@zsmalloc/core/words';
import type { Epochs, Laggard } from './epochs.ts';
import type { Limbo } from './limbo.ts';
import type { Reclaimer } from './reclaimer.ts';
import { LOCK, POOL } from './records.ts';

/** Frees between two looks: a look reads two words a class and one a slot, about 1 µs, which makes 16 ns a free. */
export const RETIRES_PER_LOOK = 64;
/** The same at level 2, where garbage is worth more than 0.1 µs a free. */
export const RETIRES_PER_LOOK_HIGH = 8;
/** Twice what a free retires: garbage shrinks whenever it may. */
export const HELP_SLOTS = 2;
/** Slots that a look reclaims at most: four for each free since the last one; about 20 µs. */
export const SWEEP_SLOTS = 256;
/** Shares of the pool at which the levels begin. */
export const LOW_SHARE: number = 1 / 64;
export const HIGH_SHARE: number = 1 / 16;
export const HARD_SHARE: number = 1 / 4;
/** A section this long is a bug or a blocked agent: Linux warns after 21 s, but there a section has a CPU of its own. */
export const STALL_MS = 1000;
/** Units of the high-water mark, so that 4 GiB fit an Int32. */
const GARBAGE_UNIT = 64;

/** Retired and not yet reclaimed. */
export interface Garbage {
  readonly slots: number;
  readonly pages: number;
  /** Slots by the size of their class, and pages. */
  readonly bytes: number;
}

/** EPOCH has not advanced for STALL_MS although somebody wanted it to. */
export interface StallReport {
  readonly epoch: number;
  readonly stalledMs: number;
  readonly garbage: Garbage;
  /** Who keeps it. Terminated agents are found here too. */
  readonly laggards: readonly Laggard[];
}

/** See the head of the file. */
export class Ladder {
  /** Called once for each stall, on the agent that found it. */
  onStall: ((report: StallReport) => void) | undefined;
  private readonly host: StrategyHost;
  private readonly words: Words;
  private readonly epochs: Epochs;
  private readonly limbo: Limbo;
  private readonly reclaimer: Reclaimer;
  private readonly classes: number;
  private readonly bufferBytes: number;
  private retiresToLook = RETIRES_PER_LOOK;
  private stalledEpoch = -1;
  private stalledSinceMs = 0;
  private isReported = false;

  constructor(host: StrategyHost, epochs: Epochs, limbo: Limbo, reclaimer: Reclaimer) {
    this.host = host;
    this.words = host.agent.words;
    this.epochs = epochs;
    this.limbo = limbo;
    this.reclaimer = reclaimer;
    this.classes = host.lockCount - 2;
    this.bufferBytes = host.agent.words.byteLength;
  }

  /** After a retire in a class. Caller holds: the class lock. Never waits. */
  retired(classIndex: number, epoch: number): void {
    this.limbo.help(classIndex, HELP_SLOTS, epoch);
    this.retiresToLook--;
  }

  /** After a structure lock has been dropped. Never waits. */
  unlocked(): void {
    if (this.retiresToLook <= 0) this.look();
  }

  /** Adds up plain words of all classes: an estimate, except for classes that the caller has locked. */
  garbage(): Garbage {
    const { words, host, limbo } = this;
    let slots = 0;
    let pages = 0;
    let bytes = 0;
    for (let index = 0; index < this.classes; index++) {
      const lock = limbo.lockWord(index);
      const slotsHere = words[lock + LOCK.at.limboSlots]!;
      slots += slotsHere;
      pages += words[lock + LOCK.at.limboPages]!;
      bytes += slotsHere * host.slotBytes(index);
    }
    return { slots, pages, bytes: bytes + pages * host.slotBytes(this.classes - 1) };
  }

  /** Most bytes of garbage that a look has found since the pool was created. */
  garbageHigh(): number {
    // order: relaxed. Statistics.
    return Atomics.load(this.words, this.host.poolBase + POOL.at.garbageHigh) * GARBAGE_UNIT;
  }

  /** Reports a stall when EPOCH has stood still since an earlier call for STALL_MS. Caller holds: nothing. */
  watch(): void {
    const report = this.findStall();
    if (report !== undefined) this.onStall?.(report);
  }

  private findStall(): StallReport | undefined {
    const epoch = this.epochs.sample();
    const nowMs = performance.now();
    if (epoch !== this.stalledEpoch) {
      this.stalledEpoch = epoch;
      this.stalledSinceMs = nowMs;
      this.isReported = false;
      return undefined;
    }
    const stalledMs = nowMs - this.stalledSinceMs;
    if (stalledMs < STALL_MS || this.isReported) return undefined;
    const laggards = this.epochs.laggards();
    if (laggards.length === 0) return undefined;
    this.isReported = true;
    // order: relaxed. Statistics.
    Atomics.add(this.words, this.host.poolBase + POOL.at.stalls, 1);
    return { epoch, stalledMs, garbage: this.garbage(), laggards };
  }

  private look(): void {
    this.epochs.quiescent();
    this.epochs.advance();
    const { bytes } = this.garbage();
    this.noteHigh(Math.ceil(bytes / GARBAGE_UNIT));
    this.retiresToLook = bytes > this.bufferBytes * HIGH_SHARE ? RETIRES_PER_LOOK_HIGH : RETIRES_PER_LOOK;
    if (bytes <= this.bufferBytes * LOW_SHARE) return;
    this.epochs.expedite();
    this.reclaimer.sweepSome(SWEEP_SLOTS);
    if (bytes <= this.bufferBytes * HARD_SHARE) return;
    const report = this.findStall();
    // Later: the caller of unlock may hold further locks, under which no user code may run.
    if (report !== undefined) queueMicrotask(() => this.onStall?.(report));
  }

  private noteHigh(units: number): void {
    const word = this.host.poolBase + POOL.at.garbageHigh;
    // order: relaxed. Statistics.
    let high = Atomics.load(this.words, word);
    while (high < units) {
      // order: relaxed. Statistics.
      const found = Atomics.compareExchange(this.words, word, high, units);
      if (found === high) return;
      high = found;
    }
  }
}
