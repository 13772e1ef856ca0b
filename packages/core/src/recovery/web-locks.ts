// Web Locks as certificates: an agent keeps a lock named after itself for as long as it lives, and the browser gives it to
// the next who asks when the agent has gone, however it went.
//
// RULES
//   1. The lock is asked for when the agent attaches, and is not its own at once. Its record says when it is
//      (`thread` is KEEPS_LOCK); only then does anybody else ask for it.
//   2. An agent that detaches gives it back; whoever gets it then finds another incarnation.

import { agentWord, incarnationOf } from '../agents.ts';
import { AGENT } from '../layout/records.ts';
import type { PoolState } from '../state.ts';
import type { AgentIndex } from '../words/agent.ts';

/** In `thread`, which browsers have no use for. */
const KEEPS_LOCK = 2 ** 30;
/** Time between two looks for agents that have attached meanwhile, in ms. */
const LOOK_MS = 100;

interface LockManager {
  request(name: string, use: () => unknown): Promise<unknown>;
}

/** See the head of the file. */
export class WebLocks {
  private readonly state: PoolState;
  private readonly manager: LockManager | undefined;
  private readonly asked: Set<string> = new Set();
  private giveBack: (() => void) | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;
  private isStopped = false;

  constructor(state: PoolState) {
    this.state = state;
    this.manager = (globalThis as { navigator?: { locks?: LockManager } }).navigator?.locks;
  }

  get areAvailable(): boolean {
    return this.manager !== undefined;
  }

  /** Keeps this agent's lock until `stop`. */
  keepOwn(): void {
    const { words, record, plan, agent } = this.state;
    const incarnation = incarnationOf(words, plan, agent.index);
    const kept = (): Promise<void> | undefined => {
      if (this.isStopped) return undefined;
      // order: release, pairs with look.
      Atomics.store(words, record + AGENT.at.thread, KEEPS_LOCK);
      return new Promise((resolve) => (this.giveBack = resolve));
    };
    // Without it the agent is not watched; it works as before.
    this.manager?.request(this.nameOf(agent.index, incarnation), kept).catch(() => {});
  }

  /** Calls `died` once for each other agent that keeps its lock, when it has gone. */
  watchAll(died: (agent: AgentIndex, incarnation: number) => void): void {
    this.timer ??= setInterval(() => this.look(died), LOOK_MS);
    this.look(died);
  }

  stop(): void {
    this.isStopped = true;
    clearInterval(this.timer);
    this.giveBack?.();
  }

  private look(died: (agent: AgentIndex, incarnation: number) => void): void {
    const { words, plan, agent: own } = this.state;
    for (let agent = 1; agent <= plan.agentsMax; agent++) {
      const incarnation = incarnationOf(words, plan, agent);
      const name = this.nameOf(agent, incarnation);
      if (incarnation === 0 || agent === own.index || this.asked.has(name)) continue;
      // order: acquire, pairs with keepOwn. It has the lock, so who gets it next knows that the agent is gone.
      if (Atomics.load(words, agentWord(plan, agent) + AGENT.at.thread) !== KEEPS_LOCK) continue;
      this.asked.add(name);
      void this.manager?.request(name, () => died(agent, incarnation)).finally(() => this.asked.delete(name));
    }
  }

  private nameOf(agent: AgentIndex, incarnation: number): string {
    return `zsmalloc-${this.state.key}-${this.state.memory.buffer.byteLength}-${agent}-${incarnation}`;
  }
}
