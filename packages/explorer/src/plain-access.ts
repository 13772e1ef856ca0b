// Plain accesses of a running thread: logged, so that a replay neither reads nor writes anew, and checked for races.
// They are not steps. Programs without data races are sequentially consistent in atomics alone (ECMA-262, DRF-SC), so
// the order of plain accesses can't be seen by anybody, and a program with a race is reported.

import { atomicStep, type Effect, wordOf } from './atomic-access.ts';
import { checkRace } from './checks.ts';
import { type ByteRange, type MemoryObserver, type ViewRecord, WORD_BYTES } from './model-memory.ts';
import { type Session } from './session.ts';
import { type VirtualThread } from './virtual-thread.ts';

/** Plain accesses between two operations; beyond this it is a loop that waits for a plain word to change. */
const PLAIN_MAX = 100_000;

const READ: Effect = (view, index) => view[index];
const WRITE: Effect = (view, index, value) => void (view[index] = value);

/** Answers the plain accesses of the thread that is running. */
export class PlainObserver implements MemoryObserver {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  plainRead(view: ViewRecord, index: number): unknown {
    return plainRead(this.#session, this.#session.current!, view, index);
  }

  plainWrite(view: ViewRecord, index: number, value: unknown): void {
    plainWrite(this.#session, this.#session.current!, view, index, value);
  }

  plainBulk<T>(reads: ByteRange | null, writes: ByteRange | null, action: () => T): T {
    return plainBulk(this.#session, this.#session.current!, reads, writes, action);
  }
}

function plainRead(session: Session, thread: VirtualThread, view: ViewRecord, index: number): unknown {
  if (session.isAnswered(thread, false)) return thread.nextLogged();
  const { raw } = view;
  const size = raw.BYTES_PER_ELEMENT;
  const offset = raw.byteOffset + index * size;
  if (isRacy(session, offset)) return atomicStep(session, thread, 'read', READ, view, index, undefined, undefined);
  countPlain(session, thread);
  checkRace(session, thread, offset, size, false, false);
  session.recorder?.notePlain(thread, 'read', offset, raw[index]);
  return thread.record(raw[index]);
}

function plainWrite(session: Session, thread: VirtualThread, view: ViewRecord, index: number, value: unknown): void {
  if (session.isAnswered(thread, true)) {
    thread.nextLogged();
    return;
  }
  const { raw } = view;
  const size = raw.BYTES_PER_ELEMENT;
  const offset = raw.byteOffset + index * size;
  if (isRacy(session, offset)) {
    atomicStep(session, thread, 'write', WRITE, view, index, value, undefined);
    return;
  }
  countPlain(session, thread);
  checkRace(session, thread, offset, size, true, false);
  session.recorder?.notePlain(thread, 'write', offset, value);
  raw[index] = value;
  session.noteChange(thread, wordOf(offset));
  if (size === 8) session.noteChange(thread, wordOf(offset) + 1);
  thread.record(undefined);
}

function plainBulk<T>(
  session: Session,
  thread: VirtualThread,
  reads: ByteRange | null,
  writes: ByteRange | null,
  action: () => T,
): T {
  if (session.isAnswered(thread, writes !== null)) return thread.nextLogged() as T;
  countPlain(session, thread);
  if (reads !== null) checkRange(session, thread, reads, false);
  if (writes !== null) checkRange(session, thread, writes, true);
  const result = action();
  if (writes !== null) {
    for (let word = wordOf(writes.start); word * WORD_BYTES < writes.end; word++) session.noteChange(thread, word);
  }
  return thread.record(result);
}

function checkRange(session: Session, thread: VirtualThread, range: ByteRange, isWrite: boolean): void {
  if (session.program.options.racy === undefined) {
    checkRace(session, thread, range.start, range.end - range.start, isWrite, false);
  } else {
    for (let start = range.start; start < range.end;) {
      const end = Math.min(range.end, (wordOf(start) + 1) * WORD_BYTES);
      if (!isRacy(session, start)) checkRace(session, thread, start, end - start, isWrite, false);
      start = end;
    }
  }
  const name = isWrite ? 'write' : 'read';
  session.recorder?.notePlain(thread, name, range.start, `${range.end - range.start} bytes`);
}

function isRacy(session: Session, byteOffset: number): boolean {
  return (session.program.options.racy?.(byteOffset) ?? false) !== false;
}

function countPlain(session: Session, thread: VirtualThread): void {
  if (++thread.plainCount <= PLAIN_MAX) return;
  session.fail(
    'step-limit',
    `${thread.name} made ${PLAIN_MAX} plain accesses without an atomic one: it seems to wait on a plain word`,
  );
  session.next = null;
  session.park(thread);
}
