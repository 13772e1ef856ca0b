// What each worker of a trace replay does, and whom it waits for: worked out before anything is timed.
//
// DEPENDENCIES, as few as keep the trace's order between agents:
//   awaitReady   on an agent's first use of an object that another has allocated: the object must have its content.
//   publish      on the call after which it has: the malloc with its fill, or the owner's write that follows at once.
//   useDone      on an agent's last use of an object that another frees.
//   awaitQuiet   on that free: every other agent has made its last use.
// An object that one agent alone uses has none of them, and costs no Atomics call of the replay.
// A release is no use: a hold may outlast the free.

import { OP } from '@zsmalloc/trace';
import type { Trace } from '@zsmalloc/trace';

/** Bits of a call's first word, above the three of its OP. */
export const FLAG = { fill: 8, publish: 16, awaitReady: 32, useDone: 64, awaitQuiet: 128 } as const;
export const OP_MASK = 7;
/** Words of a call: OP and flags, object, value, offset, position in the whole trace. */
export const CALL_WORDS = 5;

/** Plain data; the buffers are shared. */
export interface ReplayPlan {
  readonly objects: number;
  readonly sizes: SharedArrayBuffer;
  /** By object: agents that must make their last use before the free. */
  readonly uses: SharedArrayBuffer;
  readonly agents: readonly AgentPlan[];
  /** Calls that wait for another agent. */
  readonly waits: number;
}

export interface AgentPlan {
  /** Index in the trace. */
  readonly agent: number;
  readonly calls: SharedArrayBuffer;
  /** Objects that it allocates and nobody frees. */
  readonly left: SharedArrayBuffer;
}

function sharedCopy(values: ArrayLike<number>): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(values.length * 4);
  new Int32Array(buffer).set(values);
  return buffer;
}

const NOBODY = 255;

/** Works out the flags of all events. */
class Planner {
  readonly #trace: Trace;
  readonly #flags: Uint8Array;
  readonly #owner: Uint8Array;
  readonly #freer: Uint8Array;
  readonly #uses: Int32Array;
  /** By object: the event after which it is ready. */
  readonly #readyAt: Uint32Array;

  constructor(trace: Trace) {
    this.#trace = trace;
    const objects = trace.sizes.length;
    this.#flags = new Uint8Array(trace.events.count);
    this.#owner = new Uint8Array(objects).fill(NOBODY);
    this.#freer = new Uint8Array(objects).fill(NOBODY);
    this.#uses = new Int32Array(objects);
    this.#readyAt = new Uint32Array(objects);
  }

  plan(): ReplayPlan {
    this.#findOwners();
    this.#addFlags();
    const { sizes, agents, events } = this.#trace;
    const plans = agents.map((_, agent) => this.#agentPlan(agent)).filter(({ calls }) => calls.byteLength > 0);
    const waiting = FLAG.awaitReady | FLAG.awaitQuiet;
    let waits = 0;
    for (let at = 0; at < events.count; at++) if ((this.#flags[at]! & waiting) !== 0) waits++;
    return { objects: sizes.length, sizes: sharedCopy(sizes), uses: sharedCopy(this.#uses), agents: plans, waits };
  }

  /** Who allocates, fills and frees each object. */
  #findOwners(): void {
    const { events, sizes } = this.#trace;
    const used = new Uint8Array(sizes.length);
    for (let at = 0; at < events.count; at++) {
      const [op, object, agent] = [events.ops[at]!, events.objects[at]!, events.agents[at]!];
      if (op === OP.malloc) {
        this.#owner[object] = agent;
        this.#readyAt[object] = at;
        this.#flags[at] = FLAG.fill;
      } else if (op !== OP.compact && op !== OP.release) {
        const whole = op === OP.write && events.offsets[at] === 0 && events.values[at] === sizes[object];
        if (used[object] === 0 && whole && agent === this.#owner[object]) {
          // The trace itself gives the object its content, before anybody else comes.
          this.#flags[this.#readyAt[object]!] = 0;
          this.#readyAt[object] = at;
        }
        used[object] = 1;
        if (op === OP.free) this.#freer[object] = agent;
      }
    }
  }

  #addFlags(): void {
    const { events } = this.#trace;
    const first = new Map<number, number>();
    const last = new Map<number, number>();
    for (let at = 0; at < events.count; at++) {
      const [op, object, agent] = [events.ops[at]!, events.objects[at]!, events.agents[at]!];
      if (op === OP.compact || op === OP.release) continue;
      // Of the owner's calls, only those on objects that another frees matter; of the others', all.
      if (agent === this.#owner[object] && (this.#freer[object] === agent || this.#freer[object] === NOBODY)) continue;
      const key = object * 256 + agent;
      if (!first.has(key)) first.set(key, at);
      last.set(key, at);
    }
    for (const [key, at] of first) {
      const object = Math.floor(key / 256);
      if (key % 256 === this.#owner[object]) continue;
      this.#flags[at]! |= FLAG.awaitReady;
      this.#flags[this.#readyAt[object]!]! |= FLAG.publish;
    }
    for (const [key, at] of last) {
      const object = Math.floor(key / 256);
      const freer = this.#freer[object]!;
      if (freer === NOBODY || key % 256 === freer) continue;
      // The freeing agent waits for the object to be ready anyway.
      if (key % 256 === this.#owner[object] && at <= this.#readyAt[object]!) continue;
      this.#flags[at]! |= FLAG.useDone;
      this.#uses[object]!++;
    }
    for (let at = 0; at < events.count; at++) {
      if (events.ops[at] === OP.free && this.#uses[events.objects[at]!]! > 0) this.#flags[at]! |= FLAG.awaitQuiet;
    }
  }

  #agentPlan(agent: number): AgentPlan {
    const { events, agents } = this.#trace;
    const calls = new SharedArrayBuffer(agents[agent]!.events * CALL_WORDS * 4);
    const words = new Int32Array(calls);
    let word = 0;
    const left: number[] = [];
    for (let at = 0; at < events.count; at++) {
      if (events.agents[at] !== agent) continue;
      const object = events.objects[at]!;
      if (events.ops[at] === OP.malloc && this.#freer[object] === NOBODY) left.push(object);
      words[word] = events.ops[at]! | this.#flags[at]!;
      words[word + 1] = object;
      words[word + 2] = events.values[at]!;
      words[word + 3] = events.offsets[at]!;
      words[word + 4] = at;
      word += CALL_WORDS;
    }
    return { agent, calls, left: sharedCopy(left) };
  }
}

/** @param trace Without objects larger than the pool's largest. */
export function planReplay(trace: Trace): ReplayPlan {
  return new Planner(trace).plan();
}
