// Web Locks as certificates: an agent keeps a lock named after itself for as long as it lives, and the platform gives it to
// the next who asks when the agent has gone, however it went.
//
// RULES
//   1. The lock is asked for when the agent attaches (in browsers) or announces itself (in Node), and is not its own at
//      once. Its record says when it is (KEEPS_LOCK in `thread`); only then does anybody else ask for it.
//   2. An agent that detaches gives it back; whoever gets it then finds another incarnation.
//   3. Who has asked asks again now and then, without queueing: Node 24 and 26 look at the queue of a lock whose holder
//      was terminated only when another request comes. Browsers grant it at once.

import { KEEPS_LOCK, agentWord, incarnationOf } from '../agents.ts';
import { AGENT } from '../layout/records.ts';
import type { PoolState } from '../state.ts';
import type { AgentIndex } from '../words/agent.ts';

/** Time between two looks for agents that have attached or gone meanwhile, in ms. */
const LOOK_MS = 100;

/** `navigator.locks` of a browser, or of Node from 24 on. */
export interface AgentLocks {
  request(name: string, use: () => unknown): Promise<unknown>;
  request(name: string, options: { ifAvailable: boolean }, use: () => unknown): Promise<unknown>;
  query(): Promise<unknown>;
}

/** See the head of the file. */
export class WebLocks {
  private readonly state: PoolState;
  private readonly asked: Set<string> = new Set();
  private isStopped = false;
  private giveBack: (() => void) | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(state: PoolState) {
    this.state = state;
  }

  /** Keeps this agent's lock until `stop`. */
  keepOwn(locks: AgentLocks): void {
    const { words, record, plan, agent } = this.state;
    const incarnation = incarnationOf(words, plan, agent.index);
    const kept = (): Promise<void> | undefined => {
      if (this.isStopped) return undefined;
      // order: release, pairs with look.
      Atomics.or(words, record + AGENT.at.thread, KEEPS_LOCK);
      return new Promise((resolve) => (this.giveBack = resolve));
    };
    // Without it the agent is not watched; it works as before.
    locks.request(this.nameOf(agent.index, incarnation), kept).catch(() => {});
  }

  /** Calls `died` once for each other agent that keeps its lock, when it has gone. */
  watchAll(locks: AgentLocks, died: (agent: AgentIndex, incarnation: number) => void): void {
    clearInterval(this.timer);
    this.timer = setInterval(() => this.look(locks, died), LOOK_MS);
    this.look(locks, died);
  }

  stop(): void {
    this.isStopped = true;
    clearInterval(this.timer);
    this.giveBack?.();
  }

  private look(locks: AgentLocks, died: (agent: AgentIndex, incarnation: number) => void): void {
    const { words, plan, agent: own } = this.state;
    for (let agent = 1; agent <= plan.agentsMax; agent++) {
      const incarnation = incarnationOf(words, plan, agent);
      if (incarnation === 0 || agent === own.index) continue;
      // order: acquire, pairs with keepOwn. It has the lock, so who gets it next knows that the agent is gone.
      if ((Atomics.load(words, agentWord(plan, agent) + AGENT.at.thread) & KEEPS_LOCK) === 0) continue;
      const name = this.nameOf(agent, incarnation);
      if (this.asked.has(name)) {
        locks.request(name, { ifAvailable: true }, () => {}).catch(() => {});
        continue;
      }
      this.asked.add(name);
      const granted = (): void => died(agent, incarnation);
      const forget = (): void => void this.asked.delete(name);
      locks.request(name, granted).then(forget, forget);
    }
  }

  private nameOf(agent: AgentIndex, incarnation: number): string {
    return `zsmalloc-${this.state.key}-${this.state.memory.buffer.byteLength}-${agent}-${incarnation}`;
  }
}
