// What is checked while an execution runs.

import { nameLocation } from './location-name.ts';
import { type Access, type RaceFound } from './race-detector.ts';
import { type Session } from './session.ts';
import { type VirtualThread } from './virtual-thread.ts';

/** Fails the execution if this access races with an earlier one. */
export function checkRace(
  session: Session,
  thread: VirtualThread,
  offset: number,
  size: number,
  writes: boolean,
  atomic: boolean,
): void {
  // Where only reads race by design they are not checked, and everything else is.
  if (session.program.options.racy?.(offset) === true) return;
  const site = session.recorder?.site() ?? '';
  const access = { thread: thread.id, clock: thread.happensBefore, offset, size, writes, atomic, site };
  const race = session.races.check(access);
  if (race !== null) session.fail('data-race', describeRace(session, access, race));
}

/** Fails the execution if the memory does not satisfy the per-step invariant. */
export function checkInvariant(session: Session): void {
  try {
    session.runDirectly(() => session.program.options.invariant!(session.memory, session.ghost));
  } catch (error) {
    session.fail('broken-invariant', `invariant: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

/** Says which two accesses race, and where they are. */
function describeRace(session: Session, access: Access, race: RaceFound): string {
  const side = (thread: number, writes: boolean, atomic: boolean, site: string): string =>
    `${session.threads[thread]!.name} ${atomic ? 'atomically ' : ''}${writes ? 'writes' : 'reads'} ` +
    `${nameLocation(session.program, race.offset)}${site === '' ? '' : ` at ${site}`}`;
  const later = side(access.thread, access.writes, access.atomic, access.site);
  return `${later}, unordered with: ${side(race.thread, race.writes, race.atomic, race.site)}`;
}
