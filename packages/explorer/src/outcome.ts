import { type FinalState } from './options.ts';
import { blockedThreads } from './quiescence.ts';
import { type Session } from './session.ts';

/** Checks the end of a complete execution, and tells whoever collects outcomes. */
export function concludeExecution(session: Session): void {
  const { check, onOutcome } = session.program.options;
  const final: FinalState = {
    memory: session.memory,
    results: session.threads.map((thread) => thread.result),
    died: session.threads.map((thread) => thread.hasDied),
    ghost: session.ghost,
  };
  if (check !== undefined && session.finding === null) {
    try {
      check(final);
    } catch (error) {
      session.fail('broken-invariant', `check: ${error instanceof Error ? error.message : String(error)}`, error);
    }
  }
  const ending = session.finding?.kind ?? 'complete';
  onOutcome?.({
    ...final,
    ending,
    blocked: blockedThreads(session).map((thread) => `${thread.name} ${thread.status}`),
  });
}
