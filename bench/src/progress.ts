// Shows what a run is doing, on stderr: one line that is rewritten on a terminal, one line a step elsewhere.

const ERASE_LINE = '\r\u001b[K';

/** What progress writes to. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Counts steps and estimates the time that is left from the time that the steps so far took. */
export class Progress {
  readonly #stream: ProgressStream;
  readonly #steps: number;
  readonly #start: number = performance.now();
  #done = 0;

  constructor(steps: number, stream: ProgressStream = process.stderr) {
    this.#steps = steps;
    this.#stream = stream;
  }

  /** A step begins. */
  show(what: string): void {
    const seconds = (performance.now() - this.#start) / 1000;
    const left =
      this.#done === 0 ? '' : `, about ${Math.ceil((seconds / this.#done) * (this.#steps - this.#done))} s left`;
    const line = `[${this.#done + 1}/${this.#steps}] ${what} (${seconds.toFixed(0)} s${left})`;
    this.#stream.write(this.#stream.isTTY === true ? `${ERASE_LINE}${line.slice(0, 79)}` : `${line}\n`);
  }

  /** A step has ended. */
  step(): void {
    this.#done++;
  }

  /** Clears the line. */
  end(): void {
    if (this.#stream.isTTY === true) this.#stream.write(ERASE_LINE);
  }
}
