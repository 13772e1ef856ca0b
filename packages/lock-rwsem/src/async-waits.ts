// Awaiting a lock: the async waits of one agent for one lock.
//
// However many calls are pending, the agent has one node in the lock's queue; the calls wait in a list of their own, in
// order, and the node stands for the first of them. So async waits never allocate shared memory.
//
// RULES
//   1. The node is only ever woken to try again (waking.ts, rule 4). A grant therefore happens in this agent's own code,
//      and hands the lock to the first pending call in the same step: an aborted call has left the list by then, so it
//      can neither get a grant nor lose one for others.
//   2. A pending wait keeps the process alive: `waitAsync` does not, so a timer runs beside it. It also looks after the
//      wait once per slice, like a sleeper does.
//   3. Without a free node (more than three locks are awaited at a time) or without `waitAsync` the wait polls.
//   4. After a grant the next pending call queues again at the end: the agents take turns, not its calls.

import type { WordIndex, Words } from '@zsmalloc/core/words';
import { timedOut } from './errors.ts';
import type { NodeNumber, ParkingLot } from './lot.ts';
import { ASYNC, FOR_WRITE, PARKED, WOKEN } from './lot.ts';
import type { LockQueue } from './queue.ts';
import type { Rwsem } from './rwsem.ts';
import { SLICE_MS, SUSPECT_MS } from './sleep.ts';

/** Limits of one async wait. */
export interface AsyncOptions {
  /** Time after which the wait is given up, in ms. Left out: none. */
  readonly timeoutMs?: number | undefined;
  /** Gives the wait up; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Pause between tries of a wait that has to poll, in ms. */
const POLL_MS = 4;
/** Timers with a longer delay fire at once. 25 days: as good as no limit. */
const TIMER_MS_MAX = 2 ** 31 - 1;

interface Waiter {
  readonly flags: number;
  readonly grant: () => void;
  readonly release: () => void;
}

/** All pending async waits of one agent for one lock. */
export class AsyncWaits {
  private readonly rwsem: Rwsem;
  private readonly queue: LockQueue;
  private readonly lot: ParkingLot;
  private readonly words: Words;
  private readonly lock: WordIndex;
  private readonly waiters: Waiter[] = [];
  private node: NodeNumber = 0;
  private listening: NodeNumber = 0;
  private suspect = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(rwsem: Rwsem, lock: WordIndex) {
    this.rwsem = rwsem;
    this.queue = rwsem.queue;
    this.lot = rwsem.queue.lot;
    this.words = rwsem.agent.words;
    this.lock = lock;
  }

  get pending(): number {
    return this.waiters.length;
  }

  /**
   * Waits for the lock without blocking.
   *
   * @param flags FOR_WRITE or 0.
   * @param onGrant Called in the step in which the lock is taken; its result is what the promise resolves to.
   * @throws The signal's reason, or ERR_ZS_LOCK_TIMEOUT, as rejections.
   */
  wait<T>(flags: number, options: AsyncOptions, onGrant: () => T): Promise<T> {
    const { timeoutMs, signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.waiters.length === 0 && this.tryOnce(flags)) return Promise.resolve(onGrant());
    return new Promise<T>((resolve, reject) => {
      const abort = (): void => this.cancel(waiter, () => reject(signal?.reason));
      const expire = (): void =>
        this.cancel(waiter, () => {
          const mode = flags === FOR_WRITE ? 'writing' : 'reading';
          // order: none. For the error's text.
          reject(timedOut(mode, timeoutMs!, Atomics.load(this.words, this.lock)));
        });
      const timer = timeoutMs === undefined || timeoutMs > TIMER_MS_MAX ? undefined : setTimeout(expire, timeoutMs);
      const release = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      const waiter: Waiter = { flags, grant: () => resolve(onGrant()), release };
      signal?.addEventListener('abort', abort, { once: true });
      this.waiters.push(waiter);
      if (this.waiters.length === 1) this.advance();
    });
  }

  private cancel(waiter: Waiter, report: () => void): void {
    const at = this.waiters.indexOf(waiter);
    if (at < 0) return; // Granted in this very turn.
    this.waiters.splice(at, 1);
    waiter.release();
    report();
    if (at > 0) return;
    const heir = this.waiters[0];
    if (heir === undefined || heir.flags !== waiter.flags) this.leave();
    this.advance();
  }

  private tryOnce(flags: number): boolean {
    return flags === FOR_WRITE ? this.rwsem.tryWriteLock(this.lock) : this.rwsem.tryReadLock(this.lock);
  }

  private leave(): void {
    if (this.node === 0) return;
    // An async node is never granted, so there is nothing to give back.
    this.queue.leave(this.lock, this.node);
    this.dropNode();
  }

  private dropNode(): void {
    this.lot.retireNode(this.node);
    this.node = 0;
    this.listening = 0;
    this.suspect = false;
  }

  /** Grants the lock to pending calls for as long as it can be had. */
  private advance(): void {
    while (this.waiters.length > 0) {
      if (!this.attempt(this.waiters[0]!.flags)) {
        this.listen();
        return;
      }
      this.grantFirst();
    }
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private grantFirst(): void {
    const waiter = this.waiters.shift()!;
    waiter.release();
    waiter.grant();
  }

  private attempt(flags: number): boolean {
    if (this.node === 0) {
      const node = this.lot.takeNode();
      if (node === 0) return this.tryOnce(flags);
      this.node = node;
      if (!this.queue.enter(this.lock, node, flags | ASYNC)) return false;
    } else if (this.lot.parkState(this.node) !== WOKEN || !this.queue.retry(this.lock, this.node)) {
      return false;
    }
    this.dropNode();
    return true;
  }

  /** Sees to it that `advance` or `tick` is called when there may be something to do. */
  private listen(): void {
    const { node, words } = this;
    const canListen = node !== 0 && typeof Atomics.waitAsync === 'function';
    if (canListen && this.listening !== node) {
      // order: none. Like Atomics.wait: what the change of the park word means is read in `attempt`.
      const { async, value } = Atomics.waitAsync(words, this.lot.parkWord(node), PARKED);
      this.listening = node;
      void (async ? value : Promise.resolve(value)).then(() => this.hear(node));
    }
    const delay = !canListen ? POLL_MS : this.suspect ? SUSPECT_MS : SLICE_MS;
    this.startTimer(delay);
  }

  /** Rule 2. A model checker leaves it out, so that a lost wakeup shows. */
  protected startTimer(delayMs: number): void {
    this.timer ??= setTimeout(() => this.tick(), delayMs);
  }

  protected hear(node: NodeNumber): void {
    if (this.listening !== node) return; // A wait that is over.
    this.listening = 0;
    this.advance();
  }

  private tick(): void {
    this.timer = undefined;
    if (this.node !== 0 && this.lot.parkState(this.node) === PARKED) {
      const verdict = this.queue.inspect(this.lock, this.node, this.suspect);
      this.suspect = verdict === 'suspect';
      if (verdict === 'taken') {
        this.dropNode();
        this.grantFirst();
      }
    }
    this.advance();
  }
}
