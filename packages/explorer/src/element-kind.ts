// The element types a view can have. `scratch` converts a value exactly as the element type would store it.

export type ElementKind =
  | 'int8'
  | 'uint8'
  | 'uint8c'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'float32'
  | 'float64'
  | 'bigint64'
  | 'biguint64';

/** The typed array behind each kind; an instrumented view can be passed wherever this type is expected. */
export interface ViewOfKind {
  int8: Int8Array<SharedArrayBuffer>;
  uint8: Uint8Array<SharedArrayBuffer>;
  uint8c: Uint8ClampedArray<SharedArrayBuffer>;
  int16: Int16Array<SharedArrayBuffer>;
  uint16: Uint16Array<SharedArrayBuffer>;
  int32: Int32Array<SharedArrayBuffer>;
  uint32: Uint32Array<SharedArrayBuffer>;
  float32: Float32Array<SharedArrayBuffer>;
  float64: Float64Array<SharedArrayBuffer>;
  bigint64: BigInt64Array<SharedArrayBuffer>;
  biguint64: BigUint64Array<SharedArrayBuffer>;
}

/**
 * A typed array seen through its widest interface: elements are numbers or bigints, the explorer only passes them on.
 * One structural type instead of a union of eleven keeps every access site free of casts.
 */
export interface RawView {
  [index: number]: unknown;
  readonly length: number;
  readonly byteLength: number;
  readonly byteOffset: number;
  readonly BYTES_PER_ELEMENT: number;
  readonly buffer: ArrayBufferLike;
  set(source: ArrayLike<unknown>, offset?: number): void;
  fill(value: unknown, start?: number, end?: number): unknown;
  copyWithin(target: number, start: number, end?: number): unknown;
  slice(start?: number, end?: number): RawView;
}

type RawViewConstructor = new (buffer: ArrayBufferLike, byteOffset?: number, length?: number) => RawView;

const CONSTRUCTORS = {
  int8: Int8Array,
  uint8: Uint8Array,
  uint8c: Uint8ClampedArray,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
  bigint64: BigInt64Array,
  biguint64: BigUint64Array,
} as const;

/** Creates a plain typed array of the given kind. */
export function newRawView(kind: ElementKind, buffer: ArrayBufferLike, byteOffset = 0, length?: number): RawView {
  const Constructor = CONSTRUCTORS[kind] as unknown as RawViewConstructor;
  return new Constructor(buffer, byteOffset, length);
}

/** The kind of a typed array, or undefined for anything else (a DataView, a float16 array, an ordinary object). */
export function kindOf(view: unknown): ElementKind | undefined {
  for (const kind of Object.keys(CONSTRUCTORS) as ElementKind[]) if (view instanceof CONSTRUCTORS[kind]) return kind;
  return undefined;
}

const SCRATCH = Object.fromEntries(
  (Object.keys(CONSTRUCTORS) as ElementKind[]).map((kind) => [kind, newRawView(kind, new ArrayBuffer(8), 0, 1)]),
) as Record<ElementKind, RawView>;

/** The value an element of this kind holds after `value` has been stored in it. */
export function convertElement(kind: ElementKind, value: unknown): unknown {
  const scratch = SCRATCH[kind];
  scratch[0] = value;
  return scratch[0];
}
