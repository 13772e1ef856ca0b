// Makes one trace of the parts that the agents have recorded.
//
// KEYS      A malloc or free with stamp s has key 2s + 1, any other call 2s: it saw the stamps below s.
//   A free is stamped before it takes effect, and a read that it races with can begin in between. Such a read still found
//   the object, so the free goes behind it: its key is the largest of its own and those of the object's uses. The freeing
//   agent was inside `free` all the while, so its next call has a larger key, and its order stays.
// Whatever finds no live object even so (its malloc was not recorded) is dropped, and counted.

import { TraceError } from './errors.ts';
import { AGENTS_MAX, KINDS } from './format.ts';
import { OP, TAG_CONTROL } from './operations.ts';
import { EVENT_WORDS } from './recording.ts';
import type { RecordedPart } from './recording.ts';
import { TraceBuilder } from './trace.ts';
import type { Trace } from './trace.ts';

const NO_OBJECT = 0xffffffff;

/** One part's events, laid end to end, with what the merge finds out about them. */
class Part {
  readonly agent: number;
  readonly name: string;
  readonly lost: number;
  readonly words: Int32Array;
  readonly events: number;
  readonly keys: Float64Array;
  /** First pass: number of the life of the handle, in the order of mallocs of the first pass. */
  readonly lives: Uint32Array;
  next = 0;

  constructor(part: RecordedPart) {
    this.agent = part.agent;
    this.name = part.name;
    this.lost = part.lost;
    const length = part.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    this.words = new Int32Array(length);
    let at = 0;
    for (const chunk of part.chunks) {
      this.words.set(chunk, at);
      at += chunk.length;
    }
    this.events = length / EVENT_WORDS;
    this.keys = new Float64Array(this.events);
    this.lives = new Uint32Array(this.events).fill(NO_OBJECT);
    let key = 0;
    for (let event = 0; event < this.events; event++) {
      const op = this.opOf(event);
      // A time mark belongs to the call behind it; the loop below gives it the key of the call before, which is as good.
      if (op !== TAG_CONTROL) key = (this.words[event * EVENT_WORDS + 2]! >>> 0) * 2 + (op <= OP.free ? 1 : 0);
      this.keys[event] = key;
    }
  }

  opOf(event: number): number {
    return this.words[event * EVENT_WORDS]! & (KINDS - 1);
  }

  valueOf(event: number): number {
    return this.words[event * EVENT_WORDS]! >>> 3;
  }

  handleOf(event: number): number {
    return this.words[event * EVENT_WORDS + 1]!;
  }

  offsetOf(event: number): number {
    return this.words[event * EVENT_WORDS + 3]!;
  }

  timeOf(event: number): number {
    return (this.handleOf(event) >>> 0) + this.offsetOf(event) * 2 ** 32;
  }
}

/** Calls `visit` for all events of all parts by key, each part's own order kept. Equal keys: frees last. */
function inOrder(parts: readonly Part[], visit: (part: Part, event: number) => void): void {
  for (const part of parts) part.next = 0;
  for (;;) {
    let least: Part | undefined;
    for (const part of parts) {
      if (part.next >= part.events) continue;
      if (least === undefined || comesBefore(part, least)) least = part;
    }
    if (least === undefined) return;
    visit(least, least.next);
    least.next++;
  }
}

function comesBefore(left: Part, right: Part): boolean {
  const difference = left.keys[left.next]! - right.keys[right.next]!;
  if (difference !== 0) return difference < 0;
  return left.opOf(left.next) !== OP.free && right.opOf(right.next) === OP.free;
}

/** Gives each event the life of its handle that it belongs to, and each free a key behind all uses. */
function findLives(parts: readonly Part[]): number {
  const lifeOf = new Map<number, number>();
  const lastKeys: number[] = [];
  inOrder(parts, (part, event) => {
    const op = part.opOf(event);
    if (op === TAG_CONTROL || op === OP.compact) return;
    const handle = part.handleOf(event);
    if (op === OP.malloc) {
      lifeOf.set(handle, lastKeys.length);
      lastKeys.push(0);
    }
    const life = lifeOf.get(handle);
    if (life === undefined) return;
    part.lives[event] = life;
    // A hold may outlast the free, and its agent may have used what the freeing agent did next: a release orders nothing.
    if (op !== OP.release) lastKeys[life] = Math.max(lastKeys[life]!, part.keys[event]!);
  });
  for (const part of parts) {
    for (let event = 0; event < part.events; event++) {
      const life = part.lives[event]!;
      if (life !== NO_OBJECT && part.opOf(event) === OP.free) part.keys[event] = lastKeys[life]!;
    }
  }
  return lastKeys.length;
}

/** Writes the events into a trace, in order, and leaves out what names no live object. */
class Merger {
  readonly builder: TraceBuilder = new TraceBuilder();
  dropped = 0;
  readonly #objectOf: Uint32Array;
  readonly #freed: Uint8Array;
  /** Holds by object and agent: a release whose hold was dropped is dropped too. */
  readonly #holds: Map<number, number> = new Map();

  constructor(lives: number) {
    this.#objectOf = new Uint32Array(lives).fill(NO_OBJECT);
    this.#freed = new Uint8Array(lives);
  }

  add(part: Part, event: number): void {
    const { builder } = this;
    const op = part.opOf(event);
    const value = part.valueOf(event);
    if (op === TAG_CONTROL) return builder.setTime(part.timeOf(event));
    if (op === OP.compact) return builder.add(op, part.agent, 0, value, 0);
    const life = part.lives[event]!;
    if (op === OP.malloc) {
      this.#objectOf[life] = builder.malloc(part.agent, value);
      return;
    }
    const object = life === NO_OBJECT ? NO_OBJECT : this.#objectOf[life]!;
    const dead = object === NO_OBJECT || (this.#freed[life] === 1 && op !== OP.release);
    if (dead || !this.#countHold(op, object, part.agent)) {
      this.dropped++;
      return;
    }
    if (op === OP.free) this.#freed[life] = 1;
    builder.add(op, part.agent, object, value, part.offsetOf(event));
  }

  #countHold(op: number, object: number, agent: number): boolean {
    if (op !== OP.hold && op !== OP.release) return true;
    const key = object * (AGENTS_MAX + 1) + agent;
    const holds = (this.#holds.get(key) ?? 0) + (op === OP.hold ? 1 : -1);
    if (holds >= 0) this.#holds.set(key, holds);
    return holds >= 0;
  }
}

function checkParts(parts: readonly RecordedPart[]): void {
  const agents = new Set<number>();
  for (const { recordingId, agent, name } of parts) {
    if (recordingId !== parts[0]!.recordingId) {
      throw new TraceError(
        'ERR_ZS_TRACE_PARTS',
        `cannot merge: part "${name}" belongs to another recording. Workers join with the descriptor of the first agent's recording.`,
        { agent },
      );
    }
    if (agents.has(agent)) {
      throw new TraceError('ERR_ZS_TRACE_PARTS', `cannot merge: agent ${agent}, "${name}", is there twice.`, { agent });
    }
    agents.add(agent);
  }
}

/**
 * Merges the parts of one recording. The part of an agent that died is missing: what the others did with its objects is
 * left out and counted in `dropped`.
 *
 * @param parts What `end` returned in each agent, in any order.
 * @throws ERR_ZS_TRACE_PARTS when they are of different recordings, or one is there twice. Blocks: no, but works on.
 */
export function mergeTrace(parts: readonly RecordedPart[]): Trace {
  checkParts(parts);
  // Agents are numbered as they joined; where one is missing, its number is there without calls.
  const agentCount = parts.reduce((most, { agent }) => Math.max(most, agent + 1), 0);
  const own = parts.map((part) => new Part(part));
  const merger = new Merger(findLives(own));
  inOrder(own, (part, event) => merger.add(part, event));
  const agents = Array.from({ length: agentCount }, (_, index) => {
    const part = parts.find(({ agent }) => agent === index);
    return { name: part?.name ?? `agent ${index} (missing)`, lost: part?.lost ?? 0 };
  });
  return merger.builder.finish({
    objectBytesMax: parts[0]?.objectBytesMax ?? 0,
    agents,
    dropped: merger.dropped,
  });
}
