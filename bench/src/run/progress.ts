// Shows what a run is doing, on stderr: one line that is rewritten on a terminal, one line a step elsewhere.

const ERASE_LINE = '\r\u001b[K';

/** What progress writes to. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Estimates the time that is left from the seconds that jobs should take and the seconds that they took. */
export class Progress {
  readonly #stream: ProgressStream;
  readonly #start: number = performance.now();
  readonly #steps: number;
  #done = 0;
  readonly #secondsExpected: number;
  #secondsDone = 0;

  /** Expects so many steps that should take so many seconds in all. */
  constructor(steps: number, seconds: number, stream: ProgressStream = process.stderr) {
    this.#steps = steps;
    this.#secondsExpected = seconds;
    this.#stream = stream;
  }

  /** Says before the first step what is to come, on a line that stays. */
  announce(rounds: number): void {
    const minutes = this.#secondsExpected / 60;
    const time = minutes < 1 ? `${Math.ceil(this.#secondsExpected)} s` : `${minutes.toFixed(1)} min`;
    const what = `${rounds} round${rounds === 1 ? '' : 's'}, ${this.#steps} processes`;
    this.#stream.write(`${what}: about ${time} on an idle machine; Ctrl-C keeps all\n`);
  }

  /** Seconds that work of `seconds` will really take, by the work done so far. */
  scaled(seconds: number): number {
    if (this.#secondsDone === 0) return seconds;
    return (seconds * (performance.now() - this.#start)) / 1000 / this.#secondsDone;
  }

  /** A step begins. */
  show(what: string): void {
    const seconds = (performance.now() - this.#start) / 1000;
    const left = Math.ceil(this.scaled(Math.max(0, this.#secondsExpected - this.#secondsDone)));
    const line = `[${this.#done + 1}/${this.#steps}] ${what} (${seconds.toFixed(0)} s, about ${left} s left)`;
    this.#stream.write(this.#stream.isTTY === true ? `${ERASE_LINE}${line.slice(0, 79)}` : `${line}\n`);
  }

  /** A step has ended that should have taken so many seconds. */
  step(seconds: number): void {
    this.#done++;
    this.#secondsDone += seconds;
  }

  /** Clears the line. */
  end(): void {
    if (this.#stream.isTTY === true) this.#stream.write(ERASE_LINE);
  }
}
