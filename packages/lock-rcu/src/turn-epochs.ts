// Turn-scoped sections: an agent goes into a section with its first read in a turn of the event loop, and out of it when
// the turn ends. In between, reads cost no store.
//
// STATE                    slot       own heap
//   offline                 0          online = false
//   online since e          ACTIVE, e  online = true
//   online, turn is over    ACTIVE, e  online = true, reads open; `open` counts them from -OVER
//
//   offline -> online       first read of a turn; asks for a microtask
//   online -> online since  first read after somebody has asked for a quiescent state, when no read is open
//   online -> offline       the microtask; or `quiescent`, or before waiting for a grace period, when no read is open
//   online -> turn is over  the microtask, when reads are open; their end leaves
//
// RULES
//   1. "Turn" ends with the first microtask that was queued after its first read: so at the latest when the synchronous
//      code that read has returned, and `await` ends it. A macrotask (setImmediate, MessageChannel) would come later,
//      after other turns that read, and differs between Node and browsers.
//   2. A read that is open when the turn ends keeps the section, and thereby all garbage, until its `readEnd`.
//   3. A long synchronous loop passes quiescent states when somebody needs them: the word `need` is looked at where every
//      64th read begins, when no other is open. `quiescent()` says so without being asked.
//   4. Before this agent waits for a grace period it goes offline. A wait in user code while online stalls the others.
//
// Source: QSBR as in liburcu; shared/reference/locks.md C.2.

import type { Agent } from '@zsmalloc/core/words';
import { Epochs } from './epochs.ts';
import type { EpochPlace } from './epochs.ts';
import { notPinned } from './misuse.ts';

/** More reads than one agent can have open; fewer than a small integer holds. */
const OVER = 2 ** 24;

/** Reads between two looks at the request for a quiescent state: some µs, much less than what is waited for. */
const READS_PER_LOOK = 64;

const settled = Promise.resolve();

/** Runs `callback` at the end of the turn. A promise job: queueMicrotask costs Node ten times as much. */
function atEndOfTurn(callback: () => void): void {
  void settled.then(callback);
}

/** See the head of the file. */
export class TurnEpochs extends Epochs {
  private readonly index: number;
  private online = false;
  private asked = false;
  /** 0 while offline, so that one look at one number tells whether a read is the first. */
  private readsToLook = 0;
  private readonly endTurn: () => void;
  private readonly schedule: (callback: () => void) => void;

  /** @param schedule For a model checker, whose threads have no turns. */
  constructor(agent: Agent, place: EpochPlace, schedule: (callback: () => void) => void = atEndOfTurn) {
    super(agent, place);
    this.schedule = schedule;
    this.index = agent.index;
    this.endTurn = (): void => {
      this.asked = false;
      if (this.open > 0) this.open -= OVER;
      else this.quiescent();
    };
  }

  override pin(): void {
    this.open++;
    if (--this.readsToLook < 0) this.look();
  }

  override unpin(): void {
    if (--this.open < 0) this.unpinSlow();
  }

  override get nest(): number {
    return this.open < 0 ? this.open + OVER : this.open;
  }

  /** Ends the turn's section early; without effect while a read is open. Blocks: no. Main thread: yes. */
  override quiescent(): void {
    if (this.open !== 0 || !this.online) return;
    this.online = false;
    this.readsToLook = 0;
    this.leave();
  }

  /** The first read of a turn, and every READS_PER_LOOK-th. */
  private look(): void {
    // Plain: a request that is seen late costs the asker a little patience. Open reads rule a quiescent state out.
    if (this.open === 1 && (!this.online || this.words[this.needWord] !== 0)) this.goOnline();
    this.readsToLook = READS_PER_LOOK;
  }

  /** A read has ended after its turn, or never began. */
  private unpinSlow(): void {
    if (this.open === -1) {
      this.open = 0;
      throw notPinned(this.index);
    }
    if (this.open > -OVER) return;
    this.open = 0;
    this.quiescent();
  }

  private goOnline(): void {
    if (this.words[this.needWord] !== 0) {
      // order: relaxed, no partner. The request is being answered.
      Atomics.store(this.words, this.needWord, 0);
    }
    this.online = true;
    this.enter();
    if (this.asked) return;
    this.asked = true;
    this.schedule(this.endTurn);
  }
}
