// The object that stands in for `globalThis.Atomics` during a run. In a thread of the run, operations on model memory
// are steps; everywhere else, and on other memory, they are the real ones.

import { atomicStep, type Effect, placeOf } from './atomic-access.ts';
import { waitAsync } from './async-thread.ts';
import { type RawView } from './element-kind.ts';
import { ExplorerError } from './errors.ts';
import { noteDirectWrite, recordOf, recordWithin } from './model-view.ts';
import { type Session } from './session.ts';
import { pause } from './spinning.ts';
import { notify, wait } from './waiting.ts';

/** The operations that read or write one element, by number of operands. */
const ELEMENT_OPERATIONS = ['load', 'store', 'add', 'sub', 'and', 'or', 'xor', 'exchange', 'compareExchange'] as const;

type AnyFunction = (...args: unknown[]) => unknown;
type RealAtomics = Record<string, AnyFunction>;

export function createModelAtomics(session: Session, real: typeof Atomics): typeof Atomics {
  const operations = real as unknown as RealAtomics;
  const model: RealAtomics = {};
  for (const name of ELEMENT_OPERATIONS) model[name] = elementOperation(session, name, operations[name]!);
  model['isLockFree'] = (size) => real.isLockFree(size as number);
  model['pause'] = () => {
    if (session.current !== null) pause(session, session.current, undefined);
  };
  model['wait'] = (view, index, value, timeout) =>
    modelWait(session, operations, view as object, index as number, value, timeout);
  model['waitAsync'] = (view, index, value, timeout) => {
    const thread = session.current;
    if (thread === null) return operations['waitAsync']!(unwrap(view), index, value, timeout);
    const record = recordWithin(session.memory, view as object);
    if (record === undefined) throw unsupported('Atomics.waitAsync outside of the model memory');
    return waitAsync(session, thread, placeOf(record, checkIndex(record.raw, index)), value, toTimeout(timeout));
  };
  model['notify'] = (view, index, count) => {
    const thread = session.current;
    const record = thread === null ? undefined : recordWithin(session.memory, view as object);
    if (thread === null || record === undefined) return operations['notify']!(unwrap(view), index, count);
    if (session.isAnswered(thread, true)) return thread.nextLogged();
    const place = placeOf(record, checkIndex(record.raw, index));
    return notify(session, thread, place, count === undefined ? Infinity : Math.max(0, Math.trunc(Number(count)) || 0));
  };
  Object.defineProperty(model, Symbol.toStringTag, { value: 'Atomics' });
  return model as unknown as typeof Atomics;
}

function elementOperation(session: Session, name: (typeof ELEMENT_OPERATIONS)[number], real: AnyFunction): AnyFunction {
  const effect = real as Effect;
  return (view, index, operand, replacement) => {
    const thread = session.current;
    if (thread === null) return actDirectly(session, effect, view as object, index as number, operand, replacement);
    const record = recordWithin(session.memory, view as object);
    if (record === undefined) {
      // Memory outside of the model is the thread's own, like its heap: a replay builds it anew.
      if (thread.isUnwinding || thread.isDying) session.isAnswered(thread, false);
      return effect(unwrap(view) as RawView, index as number, operand, replacement);
    }
    if (session.isAnswered(thread, true)) return thread.nextLogged();
    const at = checkIndex(record.raw, index);
    return atomicStep(session, thread, name, effect, record, at, operand, replacement);
  };
}

/** An operation of `setup`, `check` or a ghost step. */
function actDirectly(
  session: Session,
  effect: Effect,
  view: object,
  index: number,
  operand: unknown,
  replacement: unknown,
): unknown {
  const record = recordOf(view) ?? recordWithin(session.memory, view);
  if (record === undefined) return effect(view as RawView, index, operand, replacement);
  const result = effect(record.raw, index, operand, replacement);
  noteDirectWrite(record, index, index + 1);
  return result;
}

function modelWait(
  session: Session,
  real: RealAtomics,
  view: object,
  index: number,
  value: unknown,
  timeout: unknown,
): unknown {
  const thread = session.current;
  if (thread === null) return real['wait']!(unwrap(view), index, value, timeout);
  const record = recordWithin(session.memory, view);
  if (record !== undefined) {
    if (session.isAnswered(thread, true)) return thread.nextLogged();
    return wait(session, thread, placeOf(record, checkIndex(record.raw, index)), value, toTimeout(timeout));
  }
  // Nobody else can reach the word, so the wait ends by its timeout alone: it is a way to let others run.
  const isEqual = real['wait']!(unwrap(view), index, value, 0) === 'timed-out';
  if (!isEqual) return 'not-equal';
  if (toTimeout(timeout) < Infinity) return pause(session, thread, 'timed-out');
  session.fail('deadlock', `${thread.name} waits without a timeout on memory that no other thread can reach`);
  session.next = null;
  return session.park(thread);
}

function unwrap(view: unknown): unknown {
  return recordOf(view as object)?.raw ?? view;
}

/** @throws RangeError as `Atomics` does. */
function checkIndex(raw: RawView, index: unknown): number {
  const at = Math.trunc(Number(index)) || 0;
  if (at < 0 || at >= raw.length) throw new RangeError(`Invalid atomic access index ${String(index)} of ${raw.length}`);
  return at;
}

function toTimeout(timeout: unknown): number {
  const number = timeout === undefined ? Infinity : Number(timeout);
  return Number.isNaN(number) ? Infinity : number;
}

function unsupported(what: string): ExplorerError {
  return new ExplorerError('ERR_EXPLORER_UNSUPPORTED', `${what} is not modelled: use views of the model memory`);
}
