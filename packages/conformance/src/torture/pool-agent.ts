// One agent of a whole pool: what it can do, with everything that it does checked.

import { attachPool } from '@zsmalloc/core';
import type { HoldingPool, PoolDescriptor } from '@zsmalloc/core';
import type { Strategy } from '@zsmalloc/core/strategy';
import { withLockdep } from '@zsmalloc/lockdep';
import { withLockOrder } from '../order/lock-order.ts';
import { Violation } from '../host/small-host.ts';
import { TABLE_SLOTS, sleep } from './control.ts';
import type { Control } from './control.ts';
import { drawSize, isWhole, payload } from './random.ts';
import type { Draw } from './random.ts';
import { beginUse, endUse, swapHandle } from './slots.ts';
import type { RoleContext } from './worker.ts';

const OWN_MAX = 160;
/** Reads between two that last long. */
const LONG_READ_EVERY = 24;

const DAMAGED = 'an object is damaged: its bytes are not those that were written';

export const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Being descheduled inside a read is what makes a mover beside it visible. */
function isWholeForLong(bytes: Uint8Array): boolean {
  if (!isWhole(bytes)) return false;
  sleep(0.05);
  return isWhole(bytes);
}

/** See the head of the file. */
export class PoolAgent {
  pool: HoldingPool;
  readonly own: number[] = [];
  private readonly strategy: Strategy;
  private readonly descriptor: PoolDescriptor;
  private readonly draw: Draw;
  private readonly control: Control;
  private readonly counts: Record<string, number>;

  constructor({ strategy, draw, control, counts, data }: RoleContext) {
    const order = data['order'] as Int32Array | undefined;
    const checked = data['lockdep'] === true ? withLockdep(strategy) : strategy;
    this.strategy = order === undefined ? checked : withLockOrder(checked, order);
    this.draw = draw;
    this.control = control;
    this.counts = counts;
    this.descriptor = data['descriptor'] as PoolDescriptor;
    for (const what of ['mallocs', 'full', 'reads', 'holds', 'given', 'moved', 'migrated']) counts[what] = 0;
    this.pool = this.attach();
  }

  private attach(): HoldingPool {
    // `hold` is called only where the capability says that there is one.
    return attachPool(this.descriptor, { strategies: [this.strategy] }) as HoldingPool;
  }

  /** Leaves, and comes back as another agent. */
  reattach(): void {
    this.control.doing(12);
    this.pool.detach();
    this.pool = this.attach();
    this.control.doing(0);
  }

  check(handle: number): void {
    this.control.doing(5);
    this.counts['reads']++;
    const isLong = this.counts['reads'] % LONG_READ_EVERY === 0;
    if (!this.pool.read(handle, isLong ? isWholeForLong : isWhole)) throw new Violation(DAMAGED);
    this.control.doing(0);
  }

  make(): void {
    const sizeBytes = drawSize(this.draw);
    this.control.doing(9);
    const handle = this.pool.tryMalloc(sizeBytes);
    this.counts['mallocs']++;
    if (handle === 0) {
      this.counts['full']++;
      this.drop();
      return;
    }
    this.fill(handle, sizeBytes);
    if (this.own.length > OWN_MAX) this.drop();
  }

  /** Writes an object in two parts and owns it. */
  private fill(handle: number, sizeBytes: number): void {
    const bytes = payload(this.draw(2 ** 31), sizeBytes);
    const cut = this.draw(sizeBytes);
    this.control.doing(7);
    this.pool.write(handle, bytes.subarray(0, cut));
    this.pool.write(handle, bytes.subarray(cut), cut);
    this.own.push(handle);
    this.control.doing(0);
  }

  /** Frees one of its own. */
  drop(): void {
    if (this.own.length === 0) return;
    const [handle] = this.own.splice(this.draw(this.own.length), 1);
    this.check(handle);
    this.control.doing(10);
    this.pool.free(handle);
    this.control.doing(0);
  }

  /** Puts an object of its own into the table, and owns the one that was there. */
  exchange(): void {
    if (this.own.length === 0) return;
    const [handle] = this.own.splice(this.draw(this.own.length), 1);
    const other = swapHandle(this.control.words, this.draw(TABLE_SLOTS), handle);
    if (other < 0) this.own.push(handle);
    else this.counts['given']++;
    if (other <= 0) return;
    this.check(other);
    this.own.push(other);
  }

  readShared(): void {
    const slot = this.draw(TABLE_SLOTS);
    const handle = beginUse(this.control.words, slot);
    if (handle === 0) return;
    this.check(handle);
    endUse(this.control.words, slot);
  }

  /** Keeps an object across a turn of the event loop. */
  async holdOwn(): Promise<void> {
    if (this.own.length === 0) return;
    this.control.doing(6);
    const hold = this.pool.hold(this.own[this.draw(this.own.length)]);
    const bytes = (): Uint8Array => Buffer.concat(hold.segments);
    const before = bytes();
    await turn();
    const after = bytes();
    hold.release();
    this.counts['holds']++;
    if (!isWhole(after) || Buffer.compare(before, after) !== 0) throw new Violation(`${DAMAGED}, while it was held`);
    this.control.doing(0);
  }

  compact(): void {
    this.control.doing(13);
    this.counts['moved'] += this.pool.compact().movedObjects;
    this.control.doing(0);
  }

  migrate(): void {
    const { bufferBytes, pageBytes, pagesTotal } = this.pool.stats();
    const page = bufferBytes / pageBytes - pagesTotal + this.draw(pagesTotal);
    this.control.doing(14);
    if (this.pool.migratePage(page).result === 'migrated') this.counts['migrated']++;
    this.control.doing(0);
  }

  /** The same by async twins, without blocking. */
  async stepAsync(): Promise<void> {
    const sizeBytes = drawSize(this.draw);
    if (this.own.length > OWN_MAX / 2) {
      const handle = this.own.pop()!;
      const whole = await this.pool.readAsync(handle, isWhole);
      if (!whole) throw new Violation(DAMAGED);
      await this.pool.freeAsync(handle);
      this.counts['reads']++;
      return;
    }
    const handle = await this.pool.retryAsync(() => this.pool.tryMalloc(sizeBytes));
    this.counts['mallocs']++;
    if (handle === 0) return;
    await this.pool.writeAsync(handle, payload(this.draw(2 ** 31), sizeBytes));
    this.own.push(handle);
  }

  /** Frees all it owns, and leaves. */
  async leave(): Promise<void> {
    while (this.own.length > 0) this.drop();
    await turn();
    this.control.doing(12);
    this.pool.detach();
    this.control.doing(0);
  }
}
