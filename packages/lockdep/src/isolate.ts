// What all checked agents of one thread share: how much is held in atomic context, and the check of Atomics.wait.
//
// RULES
//   1. Waiting is a matter of the thread, not of one pool: what an agent of another pool holds counts as well.
//   2. A wait of at most YIELD_MS_MAX is a yield: it ends whatever others do, like being descheduled, and is allowed.
//   3. Atomics.wait is wrapped once per thread, when the first strategy is decorated, and stays wrapped.

/** Longest wait that counts as a yield, in ms: what core's own waiting for a spin lock uses at most. */
const YIELD_MS_MAX = 1;

/** An agent's checks, as the others of its thread see them. */
export interface CheckedAgent {
  readonly buffer: ArrayBufferLike;
  /** Holds in atomic context. */
  readonly atomic: number;
  /** A wait that is no yield, in a call of the agent's strategy. Throws if it must not be. */
  checkOwnWait(): void;
  /** A wait of the program while this agent is in atomic context. */
  reportWait(timeoutMs: number): never;
  /** Where this agent has a zspage open; undefined when it has not. */
  describeReader(zspage: number): string | undefined;
}

/** The thread's state. `atomic` is the sum over its agents; `inside` is the agent whose strategy is being called. */
export const isolate: { atomic: number; inside: CheckedAgent | undefined } = { atomic: 0, inside: undefined };

let agents: WeakRef<CheckedAgent>[] = [];

/** Makes an agent known to the others of its thread. */
export function enrol(agent: CheckedAgent): void {
  agents = agents.filter((known) => known.deref() !== undefined);
  agents.push(new WeakRef(agent));
}

/** All agents of the thread. */
export function enrolled(): CheckedAgent[] {
  return agents.map((known) => known.deref()).filter((agent) => agent !== undefined);
}

let isGuarded = false;

/** Wraps Atomics.wait: rule 3. */
export function guardWaits(): void {
  if (isGuarded) return;
  isGuarded = true;
  const { wait } = Atomics;
  Atomics.wait = ((words: Int32Array, index: number, value: number, timeoutMs = Infinity) => {
    if (!(timeoutMs <= YIELD_MS_MAX)) checkWait(timeoutMs);
    return wait(words, index, value, timeoutMs);
  }) as typeof Atomics.wait;
}

function checkWait(timeoutMs: number): void {
  const { inside } = isolate;
  if (inside !== undefined) {
    inside.checkOwnWait();
    return;
  }
  if (isolate.atomic === 0) return;
  enrolled()
    .find(({ atomic }) => atomic > 0)
    ?.reportWait(timeoutMs);
}
