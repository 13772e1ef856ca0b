// Turn-scoped sections: an agent goes into a section with its first read in a turn of the event loop, and out of it when
// the turn ends. In between, reads cost no store.
//
// STATE                    slot       own heap
//   offline                 0          online = false
//   online since e          ACTIVE, e  online = true
//   online, turn is over    ACTIVE, e  online = true, over = true, reads open
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
//   3. A long synchronous loop passes quiescent states when somebody needs them: the word `need` is looked at where a
//      read begins and none is open. `quiescent()` says so without being asked.
//   4. Before this agent waits for a grace period it goes offline. A wait in user code while online stalls the others.
//
// Source: QSBR as in liburcu; shared/reference/locks.md C.2.

import type { Agent } from '@zsmalloc/core/words';
import { Epochs } from './epochs.ts';
import type { EpochPlace } from './epochs.ts';
import { notPinned } from './misuse.ts';

/** See the head of the file. */
export class TurnEpochs extends Epochs {
  private readonly index: number;
  private online = false;
  private over = false;
  private asked = false;
  private readonly endTurn: () => void;

  constructor(agent: Agent, place: EpochPlace) {
    super(agent, place);
    this.index = agent.index;
    this.endTurn = (): void => {
      this.asked = false;
      if (this.nest > 0) this.over = true;
      else this.quiescent();
    };
  }

  override pin(): void {
    // Plain: a request that is seen late costs the asker a little patience.
    if (this.nest++ === 0 && (!this.online || this.words[this.needWord] !== 0)) this.goOnline();
  }

  override unpin(): void {
    if (this.nest === 0) throw notPinned(this.index);
    if (--this.nest === 0 && this.over) this.quiescent();
  }

  /** Ends the turn's section early; without effect while a read is open. Blocks: no. Main thread: yes. */
  override quiescent(): void {
    if (this.nest > 0 || !this.online) return;
    this.online = false;
    this.over = false;
    this.leave();
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
    queueMicrotask(this.endTurn);
  }
}
