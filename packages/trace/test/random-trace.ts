// A random trace that keeps the rules of trace.ts: for round trips.

import { OP, TraceBuilder } from '../src/index.ts';
import type { Trace } from '../src/index.ts';

/** A seeded generator (mulberry32); returns integers from 0 to limit - 1. */
export function randomBelow(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

export function randomTrace(seed: number, events: number): Trace {
  const below = randomBelow(seed);
  const agents = 1 + below(5);
  const builder = new TraceBuilder();
  const live: number[] = [];
  const held: [agent: number, object: number][] = [];
  while (builder.count < events) {
    const agent = below(agents);
    if (below(20) === 0) builder.setTime(builder.timeUs + below(100_000));
    const dice = below(100);
    if (dice < 30 || live.length === 0) {
      live.push(builder.malloc(agent, 1 + below(below(4) === 0 ? 4096 : 100)));
      continue;
    }
    const at = below(live.length);
    const object = live[at]!;
    const size = builder.sizeOf(object);
    if (dice < 55) builder.add(OP.read, agent, object, 0, 0);
    else if (dice < 70) {
      const offset = below(size);
      builder.add(OP.write, agent, object, below(size - offset + 1), offset);
    } else if (dice < 75) {
      builder.add(OP.hold, agent, object, 0, 0);
      held.push([agent, object]);
    } else if (dice < 80 && held.length > 0) {
      const [holder, name] = held.splice(below(held.length), 1)[0]!;
      builder.add(OP.release, holder, name, 0, 0);
    } else if (dice < 82) builder.add(OP.compact, agent, 0, below(64), 0);
    else {
      live.splice(at, 1);
      builder.add(OP.free, agent, object, 0, 0);
    }
  }
  const names = Array.from({ length: agents }, (_, index) => ({ name: `agent ${index} äö`, lost: below(3) }));
  return builder.finish({ objectBytesMax: 4096, agents: names, dropped: below(10) });
}
