// Vector clocks. Entry q of a thread's clock counts how much of thread q's past happens before the thread's present.
// Two clocks are kept per thread: one for happens-before (data races) and one for dependence (schedule reduction).

export type Clock = number[];

export function newClock(threadCount: number): Clock {
  return new Array<number>(threadCount).fill(0);
}

/** Makes everything that happens before `source` happen before `target` as well. */
export function joinClock(target: Clock, source: Clock): void {
  for (let q = 0; q < target.length; q++) if (source[q]! > target[q]!) target[q] = source[q]!;
}
