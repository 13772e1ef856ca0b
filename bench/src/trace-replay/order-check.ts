// That a replay did what the trace says: its first lap is recorded, and compared call by call.

import { OP, OP_NAMES, mergeTrace } from '@zsmalloc/trace';
import type { RecordedPart, Trace } from '@zsmalloc/trace';
import { check } from '../checks.ts';
import { CALL_WORDS, FLAG, OP_MASK } from './plan.ts';
import type { ReplayPlan } from './plan.ts';

/** One call, with the object as the trace numbers it. */
type Call = readonly [op: number, object: number, value: number, offset: number];

/** The calls that a worker must make for its plan: fills are writes, and holds are reads where there are none. */
function* expectedCalls(calls: Int32Array, sizes: Int32Array, mayHold: boolean): Generator<Call> {
  for (let word = 0; word < calls.length; word += CALL_WORDS) {
    const [head, object, value, offset] = calls.subarray(word, word + CALL_WORDS) as unknown as [
      number,
      number,
      number,
      number,
    ];
    const op = head & OP_MASK;
    if (op === OP.malloc) {
      yield [op, object, sizes[object]!, 0];
      if ((head & FLAG.fill) !== 0) yield [OP.write, object, sizes[object]!, 0];
    } else if (op === OP.hold && !mayHold) {
      yield [OP.read, object, 0, 0];
    } else if (op !== OP.release || mayHold) {
      yield [op, object, value, offset];
    }
  }
}

/** The events of one recorded agent. */
function* eventsOf({ events }: Trace, agent: number): Generator<number> {
  for (let at = 0; at < events.count; at++) if (events.agents[at] === agent) yield at;
}

function text([op, object, value, offset]: Call): string {
  return `${OP_NAMES[op]} of object ${object} (${value}, ${offset})`;
}

/** A recorded lap of a plan, by one or more copies of its workers. */
export interface RecordedLap {
  readonly plan: ReplayPlan;
  /** Parts by worker: copy 0 first, its agents in the plan's order. */
  readonly parts: readonly RecordedPart[];
  readonly mayHold: boolean;
}

/** Throws a CheckError unless each worker made the calls of its agent, in order, on the objects of the trace. */
export function checkOrder({ plan, parts, mayHold }: RecordedLap): void {
  const trace = mergeTrace(parts);
  const sizes = new Int32Array(plan.sizes);
  check(trace.dropped === 0, `the recorded lap has ${trace.dropped} calls on objects that no worker has allocated.`);
  // An object is known by who allocated it as the how manieth: the order of mallocs between agents is free.
  const planned = new Map<number, number>();
  parts.forEach((part, worker) => {
    const { calls } = plan.agents[worker % plan.agents.length]!;
    const copy = Math.floor(worker / plan.agents.length);
    const mallocs: number[] = [];
    for (const [op, object] of expectedCalls(new Int32Array(calls), sizes, mayHold)) {
      if (op === OP.malloc) mallocs.push(object);
    }
    let count = 0;
    for (const at of eventsOf(trace, part.agent)) {
      if (trace.events.ops[at] !== OP.malloc) continue;
      check(count < mallocs.length, `worker ${worker} of the replay has allocated more than the trace says.`);
      planned.set(trace.events.objects[at]!, copy * plan.objects + mallocs[count++]!);
    }
  });
  parts.forEach((part, worker) => {
    const { calls } = plan.agents[worker % plan.agents.length]!;
    const copy = Math.floor(worker / plan.agents.length);
    const events = eventsOf(trace, part.agent);
    let count = 0;
    for (const call of expectedCalls(new Int32Array(calls), sizes, mayHold)) {
      const { done, value: at } = events.next();
      check(!done, `worker ${worker} of the replay made ${count} calls; the trace goes on with ${text(call)}.`);
      const { ops, objects, values, offsets } = trace.events;
      const op = ops[at]!;
      const object = op === OP.compact ? 0 : planned.get(objects[at]!)! - copy * plan.objects;
      const made: Call = [op, object, values[at]!, offsets[at]!];
      const same = made.every((part_, index) => part_ === call[index]);
      check(same, `call ${count} of worker ${worker} of the replay is ${text(made)}, and ${text(call)} in the trace.`);
      count++;
    }
    check(events.next().done === true, `worker ${worker} of the replay made more calls than the trace has.`);
  });
}
