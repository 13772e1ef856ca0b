// A trace in memory: columns, one entry for each call, in one order for all agents.
//
// RULES
//   1. The calls of one agent stand in the order in which it made them.
//   2. A call that names an object stands after the object's malloc and before its free, whichever agent made it.
//   3. Objects are numbered by their mallocs, from 0: an object is one life of a handle, not the handle.
//   4. A release stands behind a hold of the object by the same agent, and may stand behind the free: a hold may outlast it.

/** One agent of the recorded application. */
export interface TraceAgent {
  readonly name: string;
  readonly events: number;
  /** Calls that were not recorded because the agent's buffer was full. */
  readonly lost: number;
}

/** The calls, by column. */
export interface TraceEvents {
  readonly count: number;
  /** OP of the call. */
  readonly ops: Uint8Array;
  /** Index of the agent. */
  readonly agents: Uint8Array;
  /** Number of the object; 0 for compact. */
  readonly objects: Uint32Array;
  /** malloc: size in bytes. write: bytes written. compact: the budget in pages, 0 without. Others: 0. */
  readonly values: Uint32Array;
  /** write: offset of the first byte. Others: 0. */
  readonly offsets: Uint32Array;
  /** Microseconds since the recording began, exact to the last time mark of any agent; Float64 for hours. */
  readonly times: Float64Array;
}

export interface Trace {
  /** Largest object of the recorded pool, in bytes; 0 where no pool was recorded. */
  readonly objectBytesMax: number;
  readonly agents: readonly TraceAgent[];
  /** Sizes in bytes, by object. */
  readonly sizes: Uint32Array;
  readonly events: TraceEvents;
  /** Calls left out because nobody had recorded the malloc of their object. */
  readonly dropped: number;
}

/** Columns that grow: traces are made from the parts of a recording, from files, and from other recorders. */
export class TraceBuilder {
  #capacity = 1024;
  #count = 0;
  #objects = 0;
  #ops: Uint8Array = new Uint8Array(1024);
  #agents: Uint8Array = new Uint8Array(1024);
  #objectIds: Uint32Array = new Uint32Array(1024);
  #values: Uint32Array = new Uint32Array(1024);
  #offsets: Uint32Array = new Uint32Array(1024);
  #times: Float64Array = new Float64Array(1024);
  #sizes: Uint32Array = new Uint32Array(1024);
  #timeUs = 0;

  /** Objects so far: the number that the next malloc gets. */
  get objects(): number {
    return this.#objects;
  }

  get count(): number {
    return this.#count;
  }

  get timeUs(): number {
    return this.#timeUs;
  }

  sizeOf(object: number): number {
    return this.#sizes[object]!;
  }

  /** Later calls happened at this time or later. Times never go back: clocks of agents differ a little. */
  setTime(us: number): void {
    if (us > this.#timeUs) this.#timeUs = us;
  }

  /** Returns the object's number. */
  malloc(agent: number, sizeBytes: number): number {
    if (this.#objects === this.#sizes.length) this.#sizes = grown(this.#sizes, Uint32Array);
    this.#sizes[this.#objects] = sizeBytes;
    this.add(0, agent, this.#objects, sizeBytes, 0);
    return this.#objects++;
  }

  add(op: number, agent: number, object: number, value: number, offset: number): void {
    if (this.#count === this.#capacity) this.#grow();
    const at = this.#count++;
    this.#ops[at] = op;
    this.#agents[at] = agent;
    this.#objectIds[at] = object;
    this.#values[at] = value;
    this.#offsets[at] = offset;
    this.#times[at] = this.#timeUs;
  }

  /** @param agents Names and lost calls, by index; their calls are counted here. */
  finish(facts: { objectBytesMax: number; agents: readonly { name: string; lost: number }[]; dropped: number }): Trace {
    const count = this.#count;
    const calls = new Float64Array(facts.agents.length);
    for (let at = 0; at < count; at++) calls[this.#agents[at]!]!++;
    return {
      objectBytesMax: facts.objectBytesMax,
      agents: facts.agents.map(({ name, lost }, index) => ({ name, events: calls[index]!, lost })),
      sizes: this.#sizes.slice(0, this.#objects),
      events: {
        count,
        ops: this.#ops.slice(0, count),
        agents: this.#agents.slice(0, count),
        objects: this.#objectIds.slice(0, count),
        values: this.#values.slice(0, count),
        offsets: this.#offsets.slice(0, count),
        times: this.#times.slice(0, count),
      },
      dropped: facts.dropped,
    };
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#ops = grown(this.#ops, Uint8Array);
    this.#agents = grown(this.#agents, Uint8Array);
    this.#objectIds = grown(this.#objectIds, Uint32Array);
    this.#values = grown(this.#values, Uint32Array);
    this.#offsets = grown(this.#offsets, Uint32Array);
    this.#times = grown(this.#times, Float64Array);
  }
}

interface Column {
  readonly length: number;
  set(source: ArrayLike<number>): void;
}

function grown<T extends Column & ArrayLike<number>>(column: T, kind: new (length: number) => T): T {
  const larger = new kind(column.length * 2);
  larger.set(column);
  return larger;
}
