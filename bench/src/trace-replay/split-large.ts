// Objects above the pool's largest become several objects, as an application on a pool would have it: every call on the
// object is then one call on each piece.

import { OP, TraceBuilder } from '@zsmalloc/trace';
import type { Trace } from '@zsmalloc/trace';

export interface SplitTrace {
  readonly trace: Trace;
  /** Objects that were above the limit, and the pieces that they became. */
  readonly largeObjects: number;
  readonly pieces: number;
}

/** A trace without objects above `bytesMax`. */
export function splitLarge(trace: Trace, bytesMax: number): SplitTrace {
  const { events, sizes } = trace;
  const largeObjects = sizes.reduce((count, size) => count + (size > bytesMax ? 1 : 0), 0);
  if (largeObjects === 0) return { trace, largeObjects, pieces: 0 };
  const builder = new TraceBuilder();
  const firstPiece = new Uint32Array(sizes.length);
  for (let at = 0; at < events.count; at++) {
    builder.setTime(events.times[at]!);
    const [op, agent, object] = [events.ops[at]!, events.agents[at]!, events.objects[at]!];
    if (op === OP.malloc) {
      firstPiece[object] = builder.objects;
      for (let left = sizes[object]!; left > 0; left -= bytesMax) builder.malloc(agent, Math.min(left, bytesMax));
    } else if (op === OP.compact) {
      builder.add(op, agent, 0, events.values[at]!, 0);
    } else if (op === OP.write) {
      addWrites(builder, agent, firstPiece[object]!, events.offsets[at]!, events.values[at]!, bytesMax);
    } else {
      const count = Math.ceil(sizes[object]! / bytesMax);
      for (let piece = 0; piece < count; piece++) builder.add(op, agent, firstPiece[object]! + piece, 0, 0);
    }
  }
  const pieces = builder.objects - (sizes.length - largeObjects);
  const { agents, dropped } = trace;
  return { trace: builder.finish({ objectBytesMax: bytesMax, agents, dropped }), largeObjects, pieces };
}

/** The parts of one write that fall on each piece; a write of nothing stays one. */
function addWrites(
  builder: TraceBuilder,
  agent: number,
  firstPiece: number,
  offset: number,
  length: number,
  bytesMax: number,
): void {
  let at = offset;
  const end = offset + length;
  do {
    const piece = Math.min(Math.floor(at / bytesMax), Math.floor(Math.max(0, end - 1) / bytesMax));
    const until = Math.min(end, (piece + 1) * bytesMax);
    builder.add(OP.write, agent, firstPiece + piece, until - at, at - piece * bytesMax);
    at = until;
  } while (at < end);
}
