import { ACCESS_WRITE } from './event.ts';
import { AssertionFailure } from './failure.ts';
import { hasExited } from './exit-event.ts';
import { PSEUDO_WORDS, WORD_BYTES } from './model-memory.ts';
import { resolveThread, type ThreadContext } from './options.ts';
import { type Session } from './session.ts';
import { pause } from './spinning.ts';
import { newEvent } from './trace.ts';
import { VirtualThread } from './virtual-thread.ts';

export function newThreads(session: Session): VirtualThread[] {
  const { names, bodies } = session.program;
  return names.map((name, id) => new VirtualThread(id, name, bodies[id]!, newContext(session, id, name)));
}

/** Functions and not methods, so that a body may take its context apart. */
function newContext(session: Session, id: number, name: string): ThreadContext {
  const { memory } = session;
  const self = (): VirtualThread => session.threads[id]!;
  const isOver = (target: number | string): boolean =>
    hasExited(session, self(), resolveThread(target, session.program.names));
  return {
    memory,
    id,
    name,
    ghost: (step) => takeGhostStep(session, self(), step),
    assert(condition, message) {
      if (!condition) throw new AssertionFailure(message);
    },
    hasExited: isOver,
    awaitExit(target) {
      while (!isOver(target)) pause(session, self(), undefined);
    },
  };
}

function takeGhostStep<T>(session: Session, thread: VirtualThread, step: (state: unknown) => T): T {
  if (session.isAnswered(thread, false)) return thread.nextLogged() as T;
  session.awaitTurn(thread);
  const event = newEvent(session, thread, 'ghost', session.memory.byteLength / WORD_BYTES + PSEUDO_WORDS - 1, false);
  event.access = ACCESS_WRITE;
  session.append(thread, event);
  event.result = session.runDirectly(() => step(session.ghost));
  session.recorder?.noteStep(event, thread);
  return thread.record(event.result as T);
}
