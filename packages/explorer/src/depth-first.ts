import { type ChoicePoint, PRUNE, type Scheduler } from './scheduler.ts';

interface Frame {
  readonly choices: readonly number[];
  next: number;
  /** Preemptions used before this step. */
  readonly preemptions: number;
}

/** Every interleaving with at most so many preemptions, in depth-first order. No reduction. */
export class DepthFirst implements Scheduler {
  readonly needsDependence = false;
  readonly #preemptionsMax: number;
  readonly #frames: Frame[] = [];

  constructor(preemptionsMax: number) {
    this.#preemptionsMax = preemptionsMax;
  }

  beginExecution(): void {}

  choose({ depth, enabled, last }: ChoicePoint): number {
    const frame = (this.#frames[depth] ??= this.#newFrame(depth, enabled, last));
    const choice = frame.choices[frame.next]!;
    return enabled.includes(choice) ? choice : PRUNE;
  }

  taken(): void {}

  disabled(): void {}

  endExecution(): boolean {
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      if (++frame.next < frame.choices.length) return true;
      this.#frames.pop();
    }
    return false;
  }

  #newFrame(depth: number, enabled: readonly number[], last: number): Frame {
    const parent = this.#frames[depth - 1];
    let preemptions = 0;
    if (parent !== undefined) {
      preemptions = parent.preemptions;
      const previous = depth > 1 ? this.#chosenAt(depth - 2) : -1;
      if (parent.choices.includes(previous) && this.#chosenAt(depth - 1) !== previous) preemptions++;
    }
    if (!enabled.includes(last)) return { choices: enabled, next: 0, preemptions };
    if (preemptions >= this.#preemptionsMax) return { choices: [last], next: 0, preemptions };
    // Going on is tried first: executions with few switches are the easiest to read.
    return { choices: [last, ...enabled.filter((q) => q !== last)], next: 0, preemptions };
  }

  #chosenAt(depth: number): number {
    const frame = this.#frames[depth]!;
    return frame.choices[frame.next]!;
  }
}
