// The invariants of a lock strategy: what the kit checks, one row each.
//
// A strategy's capabilities decide which rows apply. A row that does not apply says why, and is never counted as passed.

import type { Capabilities } from '@zsmalloc/core/strategy';

/** Numbers of the rows, 1 to 21. */
export type InvariantNumber = number;

/** One row. */
export interface Invariant {
  readonly number: InvariantNumber;
  /** Stays the same from version to version; for flags and for code. */
  readonly id: string;
  readonly title: string;
  /** Why the row does not apply to a strategy with these capabilities; undefined when it does. */
  readonly doesNotApply: (capabilities: Capabilities) => string | undefined;
}

/** True for strategies that keep freed or moved objects until readers have left. */
export function defersReclaim({ freeDuringRead, relocatesBesideReaders }: Capabilities): boolean {
  return freeDuringRead || relocatesBesideReaders;
}

const always = (): undefined => undefined;

const ifRobust = ({ robust }: Capabilities): string | undefined => (robust ? undefined : 'not declared robust');

const ifDeferring = (capabilities: Capabilities): string | undefined =>
  defersReclaim(capabilities) ? undefined : 'freeDuringRead and relocatesBesideReaders not declared: nothing waits';

const row = (
  number: InvariantNumber,
  id: string,
  title: string,
  doesNotApply: Invariant['doesNotApply'],
): Invariant => ({ number, id, title, doesNotApply });

/** All rows, in order. */
export const INVARIANTS: readonly Invariant[] = [
  row(1, 'mutual-exclusion', 'Who changes something is alone with it', always),
  row(2, 'concurrent-reads', 'Readers are inside together', ({ concurrentReads }) =>
    concurrentReads ? undefined : 'concurrentReads not declared: readers may take turns',
  ),
  row(3, 'try-never-waits', 'Try calls and end calls never wait', always),
  row(4, 'no-lost-wakeup', 'Nobody waits for what is free', always),
  row(5, 'oversubscription', 'Agents beyond the number of cores get on', always),
  row(6, 'fairness', 'Waiters get in in the declared order', ({ fairness }) =>
    fairness === 'none' ? "fairness is declared as 'none'; row 5 shows what each agent got" : undefined,
  ),
  row(7, 'misuse', 'Wrong unlocks are caught', always),
  row(8, 'atomic-context', 'Waits only as declared, and nowhere else', always),
  row(9, 'owner-death', 'A dead owner leaves the rest working', ifRobust),
  row(10, 'waiter-death', 'A dead waiter or reader takes nothing along', ifRobust),
  row(11, 'non-blocking-agent', 'An agent that cannot block gets on too', ({ worksWithoutBlocking }) =>
    worksWithoutBlocking ? undefined : 'worksWithoutBlocking not declared',
  ),
  row(12, 'downgrade', 'Nobody writes between upgrade and downgrade', () => 'the contract has no such call'),
  row(13, 'reclaim-not-early', 'Nothing is reclaimed while it is read', ifDeferring),
  row(14, 'reclaim-at-last', 'What is retired is reclaimed, once', always),
  row(15, 'garbage-bound', 'Garbage stays bounded in a flood of frees', ifDeferring),
  row(16, 'reclaim-calls-agree', 'All ways to reclaim agree', ifDeferring),
  row(17, 'limbo-adopted', 'Who leaves leaves its garbage to the others', ifDeferring),
  row(18, 'relocation', 'An object moves whole, and keeps its handle', always),
  row(19, 'lock-order', 'Locks are taken in the declared order', always),
  row(20, 'kernels-agree', 'Kernels agree word for word', () => 'the module exports one kernel'),
  row(21, 'negative-controls', 'The strategy with a bug planted fails', always),
];
