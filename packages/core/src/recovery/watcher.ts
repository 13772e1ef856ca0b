// Learning for certain that an agent is dead, and recovering from it.
//
// CERTIFICATES
//   exit event     of a worker of node:worker_threads, at whoever has created it
//   port close     of a MessagePort whose other end the agent keeps: at any agent, also while the creator is blocked
//   Web Lock       that the agent keeps for as long as it lives: in browsers, whose workers have no exit event, and where
//                  an agent asks for it, in Node from 24 on
//   A heartbeat is none: nothing is taken from an agent that may still run.
//
// RULES
//   1. A certificate names an incarnation of an agent record, or a thread, whose numbers are never used again. An agent that
//      has detached is not to be found by it.
//   2. Recovery that cannot go on is tried again in later turns, for as long as this agent is attached.

import { agentsOfThread, declareDead, incarnationOf, threadNumber } from '../agents.ts';
import { ZsmallocError, hasCode } from '../errors.ts';
import { retrySoon } from '../strategy/retry.ts';
import type { PoolState } from '../state.ts';
import type { AgentIndex } from '../words/agent.ts';
import type { Recovery } from './recovery.ts';
import type { RecoveryReport } from './report.ts';
import { WebLocks } from './web-locks.ts';
import type { AgentLocks } from './web-locks.ts';

/** One end of a channel: a MessagePort of Node or of a browser. */
export interface AgentPort {
  postMessage(message: unknown): void;
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void;
  start(): void;
}

/** A worker of node:worker_threads. */
interface ExitingWorker {
  readonly threadId: number;
  once(event: 'exit', listener: () => void): unknown;
}

/** A worker of a browser. */
interface BrowserWorker {
  terminate(): void;
  postMessage(message: unknown): void;
}

/** What `watch` takes. */
export type WatchedAgents = ExitingWorker | AgentPort | AgentLocks | BrowserWorker;

/** Who wants to hear of recoveries. */
export interface WatchListeners {
  /** Called once for each agent that was recovered from. */
  readonly onRecovered?: (report: RecoveryReport) => void;
  /** Called when the pool had to be poisoned: every call throws ERR_ZS_POISONED from here on. */
  readonly onPoisoned?: (error: unknown) => void;
}

/** What an agent says of itself over a port. */
interface Announcement {
  readonly kind: 'zsmalloc-agent';
  readonly agent: AgentIndex;
  readonly incarnation: number;
}

/** See the head of the file. */
export class Watcher {
  private readonly state: PoolState;
  private readonly recovery: Recovery;
  private readonly locks: WebLocks;
  private isStopped = false;
  private isRunning = false;

  constructor(state: PoolState, recovery: Recovery) {
    this.state = state;
    this.recovery = recovery;
    this.locks = new WebLocks(state);
    const own = platformLocks();
    if (threadNumber() === 0 && own !== undefined) this.locks.keepOwn(own);
  }

  watch(agents: WatchedAgents, listeners: WatchListeners): void {
    const isWorker = typeof (agents as BrowserWorker)?.terminate === 'function';
    const locks = isLocks(agents) ? agents : isWorker ? platformLocks() : undefined;
    if (isExiting(agents)) this.watchThread(agents, listeners);
    else if (isPort(agents)) this.watchPort(agents, listeners);
    else if (locks !== undefined) {
      this.locks.watchAll(locks, (agent, incarnation) => this.died([[agent, incarnation]], listeners));
    } else {
      throw new ZsmallocError(
        'ERR_ZS_OPTION',
        'cannot watch the agent: this is no Worker that runs, no MessagePort, and no LockManager, or this platform has no Web Locks. Call watch before the worker ends, or recover(agentIndex) with a certificate of your own.',
      );
    }
  }

  announce(to: AgentPort | AgentLocks): void {
    if (isLocks(to)) {
      // In a browser it keeps its lock already.
      if (threadNumber() !== 0) this.locks.keepOwn(to);
      return;
    }
    const { words, plan, agent } = this.state;
    const incarnation = incarnationOf(words, plan, agent.index);
    to.postMessage({ kind: 'zsmalloc-agent', agent: agent.index, incarnation } satisfies Announcement);
  }

  /** @throws ERR_ZS_OPTION. */
  declareDead(agent: AgentIndex): void {
    const { words, plan, agent: own } = this.state;
    if (!Number.isInteger(agent) || agent < 1 || agent > plan.agentsMax || agent === own.index) {
      throw new ZsmallocError(
        'ERR_ZS_OPTION',
        `cannot declare agent ${String(agent)} dead: that is no other agent of this pool. Agents are 1 to ${plan.agentsMax}, and this one is ${own.index}.`,
        { agent: Number(agent), agentsMax: plan.agentsMax, own: own.index },
      );
    }
    const incarnation = incarnationOf(words, plan, agent);
    if (incarnation !== 0) declareDead(words, plan, agent, incarnation);
  }

  stop(): void {
    this.isStopped = true;
    this.locks.stop();
  }

  private watchThread(worker: ExitingWorker, listeners: WatchListeners): void {
    const thread = worker.threadId + 1;
    worker.once('exit', () => {
      const { words, plan } = this.state;
      const agents = agentsOfThread(words, plan, thread);
      this.died(
        agents.map((agent) => [agent, incarnationOf(words, plan, agent)] as const),
        listeners,
      );
    });
  }

  private watchPort(port: AgentPort, listeners: WatchListeners): void {
    const announced: (readonly [AgentIndex, number])[] = [];
    port.addEventListener('message', ({ data }) => {
      const { kind, agent, incarnation } = (data ?? {}) as Partial<Announcement>;
      if (kind === 'zsmalloc-agent' && agent !== undefined && incarnation !== undefined) {
        announced.push([agent, incarnation]);
      }
    });
    port.addEventListener('close', () => this.died(announced, listeners));
    port.start();
  }

  /** Declares incarnations dead and recovers, in this turn if possible. */
  private died(agents: readonly (readonly [AgentIndex, number])[], listeners: WatchListeners): void {
    const { words, plan } = this.state;
    if (this.isStopped || agents.length === 0) return;
    for (const [agent, incarnation] of agents) {
      if (incarnation !== 0) declareDead(words, plan, agent, incarnation);
    }
    if (!this.isRunning) void this.recoverInTurns(listeners);
  }

  private async recoverInTurns(listeners: WatchListeners): Promise<void> {
    this.isRunning = true;
    try {
      while (!this.isStopped) {
        try {
          for (const report of this.recovery.run()) listeners.onRecovered?.(report);
          return;
        } catch (error) {
          if (!hasCode(error, 'ERR_ZS_WOULD_BLOCK')) {
            listeners.onPoisoned?.(error);
            return;
          }
        }
        await retrySoon();
      }
    } finally {
      this.isRunning = false;
    }
  }
}

function platformLocks(): AgentLocks | undefined {
  return (globalThis as { navigator?: { locks?: AgentLocks } }).navigator?.locks;
}

function isLocks(agents: WatchedAgents): agents is AgentLocks {
  const { request, query } = agents as Partial<AgentLocks>;
  return typeof request === 'function' && typeof query === 'function';
}

function isExiting(agents: WatchedAgents): agents is ExitingWorker {
  const { threadId, once } = agents as Partial<ExitingWorker>;
  return typeof once === 'function' && Number.isInteger(threadId) && threadId! >= 0;
}

function isPort(agents: WatchedAgents): agents is AgentPort {
  const { start, addEventListener, terminate } = agents as Partial<AgentPort & BrowserWorker>;
  return typeof start === 'function' && typeof addEventListener === 'function' && terminate === undefined;
}
