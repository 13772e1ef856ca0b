// The exit event: what a parent learns when an agent has ended. Everything the agent did happens before it.

import { joinClock } from './clock.ts';
import { ACCESS_READ, ACCESS_WRITE, type OperationName } from './event.ts';
import { ExplorerError } from './errors.ts';
import { WORD_BYTES } from './model-memory.ts';
import { type Session } from './session.ts';
import { noteRead, suspendIfSpinning } from './spinning.ts';
import { newEvent } from './trace.ts';
import { type VirtualThread } from './virtual-thread.ts';

/** The last step of a body that has returned or died, if the program asks for exit events. */
export function signalExit(session: Session, thread: VirtualThread): void {
  thread.isExiting = true;
  thread.isDying = false;
  if (!session.program.exitEvents || session.isAnswered(thread, false)) return;
  session.awaitTurn(thread);
  const word = exitWord(session, thread.id);
  appendExitStep(session, thread, 'exit', thread.id);
  session.exited[thread.id] = true;
  session.noteChange(thread, word);
  thread.record(undefined);
}

/** Whether `target` has ended, as `thread` sees it. */
export function hasExited(session: Session, thread: VirtualThread, target: number): boolean {
  if (!session.program.exitEvents) {
    throw new ExplorerError('ERR_EXPLORER_OPTION', 'there are no exit events in this program: give exitEvents: true');
  }
  if (session.isAnswered(thread, true)) return thread.nextLogged() as boolean;
  suspendIfSpinning(session, thread);
  session.awaitTurn(thread);
  appendExitStep(session, thread, 'exited', target);
  const hasEnded = session.exited[target]!;
  if (hasEnded) joinClock(thread.happensBefore, session.threads[target]!.happensBefore);
  noteRead(session, thread, exitWord(session, target));
  session.trace.events.at(-1)!.result = hasEnded;
  return thread.record(hasEnded);
}

function appendExitStep(session: Session, thread: VirtualThread, name: OperationName, target: number): void {
  const event = newEvent(session, thread, name, exitWord(session, target), false);
  event.access = name === 'exit' ? ACCESS_WRITE : ACCESS_READ;
  session.append(thread, event);
  session.recorder?.noteStep(event, thread);
}

function exitWord(session: Session, thread: number): number {
  return session.memory.byteLength / WORD_BYTES + thread;
}
