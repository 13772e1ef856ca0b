// The shared memory of an explored program: a SharedArrayBuffer whose instrumented views report to the running session.
//
// Outside of a run, and in `setup` and `check`, views act directly. Inside, each access is checked, logged for replay,
// and noted as dirty, so that the next execution can start from the bytes that `setup` left.

import { type ElementKind, type RawView, type ViewOfKind } from './element-kind.ts';
import { createModelView } from './model-view.ts';

/** Words (4 bytes) are the unit in which changes are tracked and dependences are found. */
export const WORD_BYTES = 4;

/** Words past the end that exist only as names of things events can depend on: exit flags and ghost state. */
export const PSEUDO_WORDS = 17;

/** What a running session wants to know about plain accesses; it answers them from its log during replay. */
export interface MemoryObserver {
  plainRead(view: ViewRecord, index: number): unknown;
  plainWrite(view: ViewRecord, index: number, value: unknown): void;
  plainBulk<T>(reads: ByteRange | null, writes: ByteRange | null, action: () => T): T;
}

/** Bytes `start` up to but not including `end`, from the start of the memory. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What the explorer knows about one instrumented view. */
export interface ViewRecord {
  readonly memory: ModelMemory;
  readonly raw: RawView;
  readonly kind: ElementKind;
}

export class ModelMemory {
  readonly buffer: SharedArrayBuffer;
  readonly byteLength: number;
  /** The whole memory as instrumented 32-bit words. */
  readonly int32: Int32Array<SharedArrayBuffer>;
  /** The whole memory as instrumented bytes. */
  readonly uint8: Uint8Array<SharedArrayBuffer>;

  /** @internal The session whose thread is executing right now; null when accesses are to be direct. */
  observer: MemoryObserver | null = null;
  /** @internal How often each word has changed in this execution. */
  readonly versions: Uint32Array;

  readonly #words: Int32Array;
  /** Words that may differ from the snapshot. */
  readonly #dirty: number[] = [];
  readonly #isDirty: Uint8Array;
  #initial: Int32Array | null = null;

  /** @param byteLength A positive multiple of 8; the memory starts as zeros. */
  constructor(byteLength: number) {
    if (!(Number.isInteger(byteLength) && byteLength > 0 && byteLength % 8 === 0)) {
      throw new RangeError(`cannot create a model memory of ${byteLength} bytes: give a positive multiple of 8`);
    }
    this.buffer = new SharedArrayBuffer(byteLength);
    this.byteLength = byteLength;
    this.#words = new Int32Array(this.buffer);
    this.versions = new Uint32Array(byteLength / WORD_BYTES + PSEUDO_WORDS);
    this.#isDirty = new Uint8Array(this.versions.length);
    this.int32 = this.view('int32');
    this.uint8 = this.view('uint8');
  }

  /** An instrumented view of part of the memory; `length` counts elements and defaults to the rest of the memory. */
  view<K extends ElementKind>(kind: K, byteOffset = 0, length?: number): ViewOfKind[K] {
    return createModelView(this, kind, byteOffset, length) as unknown as ViewOfKind[K];
  }

  /** @internal Keeps the present bytes as the state every execution starts from. */
  takeSnapshot(): void {
    this.#initial = this.#words.slice();
    this.versions.fill(0);
    this.#isDirty.fill(0);
    this.#dirty.length = 0;
  }

  /** @internal Undoes every noted write since the snapshot. */
  restoreSnapshot(): void {
    const initial = this.#initial!;
    for (const word of this.#dirty) {
      if (word < initial.length) this.#words[word] = initial[word]!;
      this.versions[word] = 0;
      this.#isDirty[word] = 0;
    }
    this.#dirty.length = 0;
  }

  /** @internal Must follow each change of `word` by a thread. */
  noteChange(word: number): void {
    this.versions[word]!++;
    this.#noteDirty(word);
  }

  /** @internal Must follow each direct write: it is to be undone, but it is no step of a thread. */
  noteDirectWrite({ start, end }: ByteRange): void {
    for (let word = Math.floor(start / WORD_BYTES); word * WORD_BYTES < end; word++) this.#noteDirty(word);
  }

  #noteDirty(word: number): void {
    if (this.#isDirty[word] === 1) return;
    this.#isDirty[word] = 1;
    this.#dirty.push(word);
  }

  /** @internal The bytes of one word, to see whether a write changed them. */
  peekWord(word: number): number {
    return this.#words[word]!;
  }
}
