// What the put-get workload asks of a store that workers share: values by key, copied in and copied out.

/** One agent's side. Keys are integers from 0 to KEYS - 1. */
export interface Store {
  /** Stores a copy, in place of the value that was there. */
  put(key: number, value: Uint8Array): void;
  /** Copies the value into `target` and returns its length; -1 when there is none. */
  get(key: number, target: Uint8Array): number;
  /** Returns whether there was a value. */
  remove(key: number): boolean;
  /** Bytes taken for values, holes included; null where nobody can tell. Caller: the main agent, at the end. */
  usedBytes(): number | null;
  close(): void | Promise<void>;
}

/** The same for a store that answers later. */
export interface AsyncStore {
  put(key: number, value: Uint8Array): Promise<void>;
  get(key: number, target: Uint8Array): Promise<number>;
  remove(key: number): Promise<boolean>;
  usedBytes(): number | null;
  close(): void | Promise<void>;
}

/** Values that all workers share. */
export const KEYS = 1024;
