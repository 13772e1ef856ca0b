import { ACCESS_WRITE } from './event.ts';
import { AssertionFailure } from './failure.ts';
import { hasExited } from './exit-event.ts';
import { type ModelMemory, PSEUDO_WORDS, WORD_BYTES } from './model-memory.ts';
import { resolveThread, type ThreadContext } from './options.ts';
import { type Session } from './session.ts';
import { pause } from './spinning.ts';
import { newEvent } from './trace.ts';
import { VirtualThread } from './virtual-thread.ts';

export function newThreads(session: Session): VirtualThread[] {
  const { names, bodies } = session.program;
  return names.map((name, id) => new VirtualThread(id, name, bodies[id]!, new Context(session, id, name)));
}

class Context implements ThreadContext {
  readonly memory: ModelMemory;
  readonly id: number;
  readonly name: string;
  readonly #session: Session;

  constructor(session: Session, id: number, name: string) {
    this.#session = session;
    this.memory = session.memory;
    this.id = id;
    this.name = name;
  }

  ghost<T>(step: (state: unknown) => T): T {
    const session = this.#session;
    const thread = this.#thread;
    if (session.isAnswered(thread, false)) return thread.nextLogged() as T;
    session.awaitTurn(thread);
    const event = newEvent(session, thread, 'ghost', session.memory.byteLength / WORD_BYTES + PSEUDO_WORDS - 1, false);
    event.access = ACCESS_WRITE;
    session.append(thread, event);
    event.result = session.runDirectly(() => step(session.ghost));
    session.recorder?.noteStep(event, thread);
    return thread.record(event.result as T);
  }

  assert(condition: unknown, message: string): asserts condition {
    if (!condition) throw new AssertionFailure(message);
  }

  hasExited(target: number | string): boolean {
    return hasExited(this.#session, this.#thread, resolveThread(target, this.#session.program.names));
  }

  awaitExit(target: number | string): void {
    while (!this.hasExited(target)) pause(this.#session, this.#thread, undefined);
  }

  get #thread(): VirtualThread {
    return this.#session.threads[this.id]!;
  }
}
