// What a trace is like: for people, and for sizing the pool of a replay.

import { OP } from './operations.ts';
import { readTrace } from './read.ts';
import type { Trace, TraceAgent } from './trace.ts';

/** Plain data. */
export interface TraceSummary {
  readonly agents: readonly TraceAgent[];
  readonly events: number;
  readonly objects: number;
  /** By operation name. */
  readonly calls: Readonly<Record<keyof typeof OP, number>>;
  /** Reads and holds, of all reads, holds, writes, mallocs and frees. */
  readonly readShare: number;
  /** Bucket i counts objects of 2^(i-1) + 1 to 2^i bytes; bucket 0 those of 1 byte. */
  readonly sizeHistogram: readonly number[];
  readonly sizeBytesMax: number;
  readonly sizeBytesMean: number;
  /** Most bytes of objects that lived at once, in the order of the trace; and most objects. */
  readonly peakLiveBytes: number;
  readonly peakLiveObjects: number;
  /** Objects that were never freed. */
  readonly leftObjects: number;
  /** Objects that an agent freed which had not allocated them, or read, or held, or written: the sharing of the trace. */
  readonly sharedObjects: number;
  /** Between the first time mark and the last. */
  readonly seconds: number;
  readonly lost: number;
  readonly dropped: number;
}

/** Walks the trace once. */
export function summarizeTrace(trace: Trace): TraceSummary {
  const { events, sizes } = trace;
  const counts = new Float64Array(8);
  const owner = new Uint8Array(sizes.length);
  const shared = new Uint8Array(sizes.length);
  let liveBytes = 0;
  let liveObjects = 0;
  let peakLiveBytes = 0;
  let peakLiveObjects = 0;
  for (let at = 0; at < events.count; at++) {
    const op = events.ops[at]!;
    const object = events.objects[at]!;
    counts[op]!++;
    if (op === OP.compact) continue;
    if (op === OP.malloc) {
      owner[object] = events.agents[at]!;
      liveBytes += sizes[object]!;
      peakLiveBytes = Math.max(peakLiveBytes, liveBytes);
      peakLiveObjects = Math.max(peakLiveObjects, ++liveObjects);
    } else {
      if (owner[object] !== events.agents[at]) shared[object] = 1;
      if (op === OP.free) {
        liveBytes -= sizes[object]!;
        liveObjects--;
      }
    }
  }
  const [malloc, free, read, write, hold, release, compact] = counts as unknown as number[];
  const uses = malloc! + free! + read! + write! + hold!;
  const sizeHistogram: number[] = [];
  let sizeBytesMax = 0;
  let sizeBytesSum = 0;
  for (const size of sizes) {
    const bucket = Math.ceil(Math.log2(size));
    while (sizeHistogram.length <= bucket) sizeHistogram.push(0);
    sizeHistogram[bucket]!++;
    sizeBytesSum += size;
    sizeBytesMax = Math.max(sizeBytesMax, size);
  }
  return {
    agents: trace.agents,
    events: events.count,
    objects: sizes.length,
    calls: {
      malloc: malloc!,
      free: free!,
      read: read!,
      write: write!,
      hold: hold!,
      release: release!,
      compact: compact!,
    },
    readShare: uses === 0 ? 0 : (read! + hold!) / uses,
    sizeHistogram,
    sizeBytesMax,
    sizeBytesMean: sizes.length === 0 ? 0 : sizeBytesSum / sizes.length,
    peakLiveBytes,
    peakLiveObjects,
    leftObjects: liveObjects,
    sharedObjects: shared.reduce((sum, bit) => sum + bit, 0),
    seconds: events.count === 0 ? 0 : (events.times[events.count - 1]! - events.times[0]!) / 1e6,
    lost: trace.agents.reduce((sum, { lost }) => sum + lost, 0),
    dropped: trace.dropped,
  };
}

/** Reads and checks the bytes of a trace file, and says what it is like. @throws As `readTrace`. Blocks: no. */
export function readTraceSummary(file: Uint8Array): TraceSummary {
  return summarizeTrace(readTrace(file));
}
