// Loops that wait for another thread. Run blindly they make the search diverge: each turn of the loop is one more step
// at which others could run. A thread that pauses, or is seen to spin, is therefore taken out until a word it has read
// since its last pause changes. If nothing else can run, it gets its turn all the same (see quiescence.ts), so that
// bounded spins run out and a real livelock is told from one.
//
// Assumed: that what such a thread does before one of those words changes is to read them again. A loop which gives up
// after n turns is explored to its end only where nothing else can run.

import { type Session } from './session.ts';
import { noteEnabler } from './trace.ts';
import { type VirtualThread } from './virtual-thread.ts';

/** `Atomics.pause`, or a timed wait that nobody can end: returns `value` when the thread should look again. */
export function pause(session: Session, thread: VirtualThread, value: unknown): unknown {
  if (session.isAnswered(thread, false)) return thread.nextLogged();
  thread.plainCount = 0;
  if (watchedWordHasChanged(session, thread)) {
    thread.watched.clear();
    thread.rereadCount = 0;
    return thread.record(value);
  }
  thread.status = 'paused';
  thread.resumption = { isLogged: true, value };
  return session.block(thread);
}

/** The thread has read `word`. Reading an unchanged word again is what spinning looks like. */
export function noteRead(session: Session, thread: VirtualThread, word: number): void {
  const version = session.memory.versions[word]!;
  if (thread.watched.get(word) === version) {
    thread.rereadCount++;
  } else {
    thread.watched.set(word, version);
    thread.rereadCount = 0;
  }
}

/** The thread has changed `word`: that is progress. */
export function noteWrite(session: Session, thread: VirtualThread, word: number): void {
  thread.watched.set(word, session.memory.versions[word]!);
  thread.rereadCount = 0;
}

/** Before an operation: takes a thread that only re-reads unchanged words out until one of them changes. */
export function suspendIfSpinning(session: Session, thread: VirtualThread): void {
  if (thread.isGranted || thread.rereadCount < session.program.spinReads) return;
  if (watchedWordHasChanged(session, thread)) {
    // Exactly what waking would have done: whether the change came just before or just after must make no difference.
    thread.watched.clear();
    thread.rereadCount = 0;
    return;
  }
  session.counts.spins++;
  thread.status = 'paused';
  thread.resumption = { isLogged: false, value: undefined };
}

function watchedWordHasChanged(session: Session, thread: VirtualThread): boolean {
  let hasChanged = false;
  for (const [word, version] of thread.watched) {
    if (session.memory.versions[word] === version) continue;
    hasChanged = true;
    // Without that change the thread would have been taken out here, so what it does next depends on it.
    noteEnabler(thread, session.trace.changeOf(word, version));
  }
  return hasChanged;
}
