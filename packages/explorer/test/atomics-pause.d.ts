// TypeScript's library does not know it yet; during a run the explorer provides it on every Node.
interface Atomics {
  pause(iterations?: number): void;
}
