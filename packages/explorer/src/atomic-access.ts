// Atomic loads, stores and read-modify-writes, as steps of a thread.

import { checkInvariant, checkRace } from './checks.ts';
import { convertElement } from './element-kind.ts';
import { ACCESS_READ, ACCESS_WRITE, type OperationName } from './event.ts';
import { type ViewRecord, WORD_BYTES } from './model-memory.ts';
import { type Session } from './session.ts';
import { noteRead, noteWrite, suspendIfSpinning } from './spinning.ts';
import { newEvent } from './trace.ts';
import { type VirtualThread } from './virtual-thread.ts';

/** One element of one view. */
export interface Place {
  readonly view: ViewRecord;
  readonly index: number;
  readonly byteOffset: number;
}

export function placeOf(view: ViewRecord, index: number): Place {
  return { view, index, byteOffset: view.raw.byteOffset + index * view.raw.BYTES_PER_ELEMENT };
}

export function wordOf(byteOffset: number): number {
  return Math.floor(byteOffset / WORD_BYTES);
}

/** What an operation does to one element; returns what the caller of `Atomics` gets. */
export type Effect = (view: ViewRecord['raw'], index: number, operand: unknown, replacement: unknown) => unknown;

/** Takes one atomic step that touches one element, with the true operation as its effect. */
export function atomicStep(
  session: Session,
  thread: VirtualThread,
  name: OperationName,
  effect: Effect,
  view: ViewRecord,
  index: number,
  operand: unknown,
  replacement: unknown,
): unknown {
  suspendIfSpinning(session, thread);
  session.awaitTurn(thread);
  const { raw } = view;
  const byteOffset = raw.byteOffset + index * raw.BYTES_PER_ELEMENT;
  const event = newEvent(session, thread, name, wordOf(byteOffset), false);
  event.byteOffset = byteOffset;
  event.operand = operand;
  event.replacement = replacement;
  if (raw.BYTES_PER_ELEMENT === 8) event.wordCount = 2;
  // A compare-exchange that fails is a read: it commutes with others of its kind.
  const writes =
    name === 'compareExchange' ? raw[index] === convertElement(view.kind, operand) : name !== 'load' && name !== 'read';
  event.access = writes ? ACCESS_WRITE : ACCESS_READ;
  event.visible = writes && session.program.options.invariant !== undefined;
  session.append(thread, event);
  order(session, thread, view, byteOffset, name, writes);
  event.result = change(session, thread, event.word, event.wordCount, () => effect(raw, index, operand, replacement));
  session.recorder?.noteStep(event, thread);
  if (event.visible) checkInvariant(session);
  return thread.record(event.result);
}

/** Reads an element as part of a step that is more than an atomic load. */
export function readAtomically(session: Session, thread: VirtualThread, place: Place): unknown {
  order(session, thread, place.view, place.byteOffset, 'load', false);
  return place.view.raw[place.index];
}

/** Runs an action that may change the given words, and tells those who wait for a change. */
export function change<T>(session: Session, thread: VirtualThread, word: number, count: number, action: () => T): T {
  const { memory } = session;
  const before = memory.peekWord(word);
  const beforeSecond = count === 2 ? memory.peekWord(word + 1) : 0;
  const result = action();
  const hasChanged = memory.peekWord(word) !== before;
  const hasSecondChanged = count === 2 && memory.peekWord(word + 1) !== beforeSecond;
  if (hasChanged) session.noteChange(thread, word);
  if (hasSecondChanged) session.noteChange(thread, word + 1);
  if (hasChanged || hasSecondChanged) noteWrite(session, thread, hasChanged ? word : word + 1);
  else noteRead(session, thread, word);
  return result;
}

/** Race check, and what the access synchronises with. */
function order(
  session: Session,
  thread: VirtualThread,
  view: ViewRecord,
  offset: number,
  name: OperationName,
  writes: boolean,
): void {
  const size = view.raw.BYTES_PER_ELEMENT;
  // An annotated plain access races by design, and orders nothing.
  if (name === 'write') checkRace(session, thread, offset, size, true, false);
  if (name === 'read' || name === 'write') return;
  checkRace(session, thread, offset, size, writes, true);
  if (name !== 'store') session.races.acquire(offset, size, thread.happensBefore);
  if (writes) {
    session.races.release(offset, size, thread.happensBefore);
    thread.happensBefore[thread.id]!++; // Later accesses of the writer are not ordered before who reads this.
  }
}
