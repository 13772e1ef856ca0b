// A hold on one lock, for `using`.

/** A hold on a lock. Ends once, at the end of the `using` block or by `unlock`, whichever comes first. */
export class LockGuard implements Disposable {
  private end: (() => void) | undefined;

  constructor(end: () => void) {
    this.end = end;
  }

  unlock(): void {
    const { end } = this;
    this.end = undefined;
    end?.();
  }

  [Symbol.dispose](): void {
    this.unlock();
  }
}
