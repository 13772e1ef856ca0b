import { type Place } from './atomic-access.ts';
import { ExplorerError } from './errors.ts';
import { type Session } from './session.ts';
import { type VirtualThread } from './virtual-thread.ts';

export function waitAsync(_s: Session, _t: VirtualThread, _p: Place, _v: unknown, _timeout: number): unknown {
  throw new ExplorerError('ERR_EXPLORER_NOT_ASYNC', 'todo');
}

export async function runAsyncExecution(_session: Session): Promise<void> {}
