// Instrumented typed arrays: a Proxy over a real typed array, so that `instanceof`, `length`, `buffer` and every method
// work as expected.
//
// Measured on Node 20: a Proxy costs 75-85 ns per plain access; accessors defined per index, on the instance or on the
// prototype, cost the same 75 ns and 20 ms per 32768 indices to define. So the Proxy, which needs no set-up.

import { type ElementKind, kindOf, newRawView, type RawView } from './element-kind.ts';
import { type ByteRange, type ModelMemory, type ViewRecord } from './model-memory.ts';

const RECORDS = new WeakMap<object, ViewRecord>();

/** The record of an instrumented view; undefined for any other object. */
export function recordOf(view: object): ViewRecord | undefined {
  return RECORDS.get(view);
}

/**
 * The record of any view over `memory`, instrumented or made by the code under test from `memory.buffer`;
 * undefined for a view of other memory.
 */
export function recordWithin(memory: ModelMemory, view: object): ViewRecord | undefined {
  const known = RECORDS.get(view);
  if (known !== undefined) return known.memory === memory ? known : undefined;
  const raw = view as RawView;
  const kind = raw.buffer === memory.buffer ? kindOf(view) : undefined;
  if (kind === undefined) return undefined;
  const record = { memory, raw, kind };
  RECORDS.set(view, record);
  return record;
}

/** Creates an instrumented view of `memory`. */
export function createModelView(memory: ModelMemory, kind: ElementKind, byteOffset: number, length?: number): object {
  const raw = newRawView(kind, memory.buffer, byteOffset, length);
  const record: ViewRecord = { memory, raw, kind };
  const view = new Proxy(raw, new ViewHandler(record));
  RECORDS.set(view, record);
  return view;
}

type Method = (...args: never[]) => unknown;

class ViewHandler implements ProxyHandler<RawView> {
  readonly #record: ViewRecord;
  readonly #methods = new Map<PropertyKey, Method>();

  constructor(record: ViewRecord) {
    this.#record = record;
  }

  get(raw: RawView, property: PropertyKey): unknown {
    if (isIndex(property)) {
      const index = Number(property);
      if (!(index < raw.length)) return undefined;
      const observer = this.#record.memory.observer;
      return observer === null ? raw[index] : observer.plainRead(this.#record, index);
    }
    const value: unknown = Reflect.get(raw, property, raw);
    return typeof value === 'function' && property !== 'constructor' ? this.#method(property, value as Method) : value;
  }

  set(raw: RawView, property: PropertyKey, value: unknown): boolean {
    if (!isIndex(property)) return Reflect.set(raw, property, value);
    const index = Number(property);
    if (!(index < raw.length)) return true; // As a typed array: a write out of bounds is ignored.
    const observer = this.#record.memory.observer;
    if (observer === null) {
      raw[index] = value;
      noteDirectWrite(this.#record, index, index + 1);
    } else {
      observer.plainWrite(this.#record, index, value);
    }
    return true;
  }

  /** Methods keep their identity, as those of a typed array do. */
  #method(property: PropertyKey, original: Method): Method {
    let method = this.#methods.get(property);
    if (method === undefined) {
      const instrumented = property in METHODS ? METHODS[property as keyof typeof METHODS] : snapshotMethod(original);
      method = ((...args: never[]) =>
        (instrumented as (...all: unknown[]) => unknown)(this.#record, ...args)) as Method;
      this.#methods.set(property, method);
    }
    return method;
  }
}

function isIndex(property: PropertyKey): boolean {
  if (typeof property !== 'string') return false;
  const first = property.charCodeAt(0);
  return first >= 48 && first <= 57;
}

/** The methods that reach memory in bulk: one log entry and one range check each, whatever their length. */
const METHODS = {
  subarray(record: ViewRecord, begin?: number, end?: number): object {
    const { start, stop } = resolveRange(record.raw, begin, end);
    const byteOffset = record.raw.byteOffset + start * record.raw.BYTES_PER_ELEMENT;
    return createModelView(record.memory, record.kind, byteOffset, stop - start);
  },

  slice(record: ViewRecord, begin?: number, end?: number): RawView {
    const { start, stop } = resolveRange(record.raw, begin, end);
    // The log keeps its own copy: the code under test may write to the one it is given.
    return bulk(record, elements(record, start, stop), null, () => record.raw.slice(start, stop)).slice();
  },

  set(record: ViewRecord, source: ArrayLike<unknown>, offset = 0): void {
    const from = recordOf(source);
    // Read through the source's own record first, so that its bytes are checked and logged as a read.
    const values = from === undefined ? source : METHODS.slice(from);
    if (!(offset >= 0 && offset + values.length <= record.raw.length)) record.raw.set(values, offset); // Throws.
    bulk(record, null, elements(record, offset, offset + values.length), () => record.raw.set(values, offset));
  },

  fill(record: ViewRecord, value: unknown, begin?: number, end?: number): void {
    const { start, stop } = resolveRange(record.raw, begin, end);
    bulk(record, null, elements(record, start, stop), () => void record.raw.fill(value, start, stop));
  },

  copyWithin(record: ViewRecord, target: number, begin?: number, end?: number): void {
    const { start, stop } = resolveRange(record.raw, begin, end);
    const to = resolveRange(record.raw, target).start;
    const count = Math.min(stop - start, record.raw.length - to);
    const reads = elements(record, start, start + count);
    bulk(record, reads, elements(record, to, to + count), () => void record.raw.copyWithin(to, start, start + count));
  },

  sort(record: ViewRecord, ...args: unknown[]): void {
    METHODS.set(record, call(METHODS.slice(record), 'sort', args) as RawView);
  },

  reverse(record: ViewRecord): void {
    METHODS.set(record, call(METHODS.slice(record), 'reverse', []) as RawView);
  },
};

/** Every other method only reads, so it may work on a copy that was read in one piece. */
function snapshotMethod(original: Method): (record: ViewRecord, ...args: unknown[]) => unknown {
  return (record, ...args) => Reflect.apply(original, METHODS.slice(record), args);
}

function call(target: RawView, method: string, args: unknown[]): unknown {
  return (Reflect.get(target, method) as (...all: unknown[]) => unknown).apply(target, args);
}

function bulk<T>(record: ViewRecord, reads: ByteRange | null, writes: ByteRange | null, action: () => T): T {
  const observer = record.memory.observer;
  if (observer !== null) return observer.plainBulk(reads, writes, action);
  const result = action();
  if (writes !== null) record.memory.noteDirectWrite(writes);
  return result;
}

/** Elements of a view have been written outside of a thread: the next execution must not see it. */
export function noteDirectWrite(record: ViewRecord, start: number, stop: number): void {
  record.memory.noteDirectWrite(elements(record, start, stop));
}

function elements(record: ViewRecord, start: number, stop: number): ByteRange {
  const { byteOffset, BYTES_PER_ELEMENT } = record.raw;
  return { start: byteOffset + start * BYTES_PER_ELEMENT, end: byteOffset + stop * BYTES_PER_ELEMENT };
}

/** Element indices as `slice` and `subarray` understand them: negative counts from the end, all clamped. */
function resolveRange(raw: RawView, begin = 0, end: number = raw.length): { start: number; stop: number } {
  const clamp = (index: number): number => {
    const whole = Math.trunc(index) || 0;
    return whole < 0 ? Math.max(0, raw.length + whole) : Math.min(whole, raw.length);
  };
  const start = clamp(begin);
  return { start, stop: Math.max(start, clamp(end)) };
}
