// The objects of a replay, shared by its workers: their handles, whether they are ready, and who still uses them.
//
// READY WORD   lap * 2 + 1 if somebody sleeps on it. An object is ready in a lap when its word says that lap or more.
// USES WORD    agents whose last use is to come; WAITED is added by the freeing agent that sleeps on it.
//
// RULES
//   1. The handle is written before the ready word, by the agent that allocates, and read after it by others.
//   2. The freeing agent puts the uses back for the next lap. Nobody touches an object's words between its free and the
//      next lap.

const WAITED = 1 << 30;

/** Plain data for `workerData`. */
export interface ObjectStatesDescriptor {
  readonly handles: SharedArrayBuffer;
  readonly ready: SharedArrayBuffer;
  readonly uses: SharedArrayBuffer;
  readonly usesAtStart: SharedArrayBuffer;
}

export function createObjectStates(objects: number, usesAtStart: SharedArrayBuffer): ObjectStatesDescriptor {
  const column = (): SharedArrayBuffer => new SharedArrayBuffer(objects * 4);
  const uses = column();
  new Int32Array(uses).set(new Int32Array(usesAtStart));
  return { handles: column(), ready: column(), uses, usesAtStart };
}

/** The same, as words. */
export interface ObjectStateWords {
  readonly handles: Int32Array;
  readonly ready: Int32Array;
  readonly uses: Int32Array;
  readonly usesAtStart: Int32Array;
}

/** One agent's view. */
export class ObjectStates {
  /** Handles by object. */
  readonly handles: Int32Array;
  readonly #ready: Int32Array;
  readonly #uses: Int32Array;
  readonly #usesAtStart: Int32Array;

  constructor({ handles, ready, uses, usesAtStart }: ObjectStateWords) {
    this.handles = handles;
    this.#ready = ready;
    this.#uses = uses;
    this.#usesAtStart = usesAtStart;
  }

  static attach({ handles, ready, uses, usesAtStart }: ObjectStatesDescriptor): ObjectStates {
    return new ObjectStates({
      handles: new Int32Array(handles),
      ready: new Int32Array(ready),
      uses: new Int32Array(uses),
      usesAtStart: new Int32Array(usesAtStart),
    });
  }

  publish(object: number, lap: number): void {
    // order: release, pairs with isReady. The handle and the content are visible.
    const before = Atomics.exchange(this.#ready, object, lap * 2);
    if ((before & 1) === 1) Atomics.notify(this.#ready, object);
  }

  isReady(object: number, lap: number): boolean {
    // order: acquire, pairs with publish.
    return Atomics.load(this.#ready, object) >> 1 >= lap;
  }

  /** Sleeps until the object is ready, or for `ms`. */
  sleepUntilReady(object: number, lap: number, ms: number): void {
    const word = Atomics.load(this.#ready, object);
    if (word >> 1 >= lap) return;
    // order: relaxed. An exchange in between makes this fail, or the wait return at once.
    if ((word & 1) === 0 && Atomics.compareExchange(this.#ready, object, word, word | 1) !== word) return;
    Atomics.wait(this.#ready, object, word | 1, ms);
  }

  useDone(object: number): void {
    // order: release, pairs with isQuiet. The use is over.
    if (Atomics.sub(this.#uses, object, 1) === WAITED + 1) Atomics.notify(this.#uses, object);
  }

  isQuiet(object: number): boolean {
    // order: acquire, pairs with useDone.
    return (Atomics.load(this.#uses, object) & (WAITED - 1)) === 0;
  }

  /** Sleeps until all others are done with the object, or for `ms`. Caller: its freeing agent. */
  sleepUntilQuiet(object: number, ms: number): void {
    const word = Atomics.or(this.#uses, object, WAITED) | WAITED;
    if (word !== WAITED) Atomics.wait(this.#uses, object, word, ms);
  }

  /** Caller: the freeing agent, when the object is quiet. */
  resetUses(object: number): void {
    // order: relaxed. The barrier between laps makes it visible.
    Atomics.store(this.#uses, object, this.#usesAtStart[object]!);
  }
}
