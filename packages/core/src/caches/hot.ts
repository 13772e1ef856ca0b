// malloc and free where the agent has the lease of the class's magazine: plain loads and stores, no lock and no Atomics call.
//
// Closures written flat, for the reason given in hot-paths.ts. What each access is ordered by:
//   - `lease` is set by this agent under the class lock, and cleared by nobody else: it reads its own store.
//   - Magazine, and slots in it: this agent's alone while it has the lease (magazines.ts, rule 1).
//   - Cell, owner and header of a live object: movers of the class hold its lock, and find the lease. So the object stays where
//     it is from the lease on, and taking the class lock for the lease ordered all moves before.
//   - Of a handle that is dead, the header says so, unless its free is not ordered before this one. Two frees of one handle
//     that nothing orders are a mistake of the user that no lock is there to catch here.
//   - `wanted` and `alarm`: seen late, they are seen at a later call.
//
// `pending` is stored before anything else, for who recovers: see magazines.ts, rule 4.

import { CELL_RETIRED, HANDLE_MASK } from '../handles.ts';
import type { HandleTable } from '../handles.ts';
import { AGENT, CACHE, CACHED, HEADER, LENGTH_MASK, MAGAZINE, PAGE } from '../layout/records.ts';
import { badSize } from '../out-of-range.ts';
import { OWNER_CLASS_MASK } from '../state.ts';
import type { PoolState } from '../state.ts';
import type { WordIndex } from '../words/agent.ts';

const { alarm } = HEADER.at;
const { lease, head, count, bytes, pending, limit } = MAGAZINE.at;
const MAGAZINE_WORDS = MAGAZINE.words;
const PAGE_WORDS = PAGE.words;

/**
 * Where the objects are that were allocated last, by handle: most frees of an object that lives shortly need not look for it.
 * Private to the agent; right as long as the lease lasts in which it was noted, as nobody else moves anything meanwhile, and
 * this agent forgets them first. More of them would
 * be found by chance, which the branch predictor cannot foresee.
 */
const HINTS = 64;
/** What the header says, where it is, where the length is, and the magazine. */
const HINT_WORDS = 4;

/** What the hot paths do when there is more to do. */
export interface SlowPaths {
  /** Answers `wanted`, and throws in a poisoned pool. */
  heed(): void;
  allocate(sizeBytes: number, ordinal: number): number;
  free(handle: number): void;
}

/** See the head of the file. */
export interface CacheHotPaths {
  allocate(sizeBytes: number): number;
  free(handle: number): void;
  /** Takes an object out of a magazine of a class that has one and is leased. */
  pop(ordinal: number, magazine: WordIndex, sizeBytes: number): number;
  /** Frees an object into a magazine; false when that cannot be done without more ado, or the handle is bad. */
  push(handle: number): boolean;
  /** A lease ends, or this agent is about to move objects itself. */
  forgetHints(): void;
}

/** Builds the hot paths of an agent's caches. */
export function cacheHotPaths(
  state: PoolState,
  handles: HandleTable,
  slow: SlowPaths,
  keepsFrees: boolean,
): CacheHotPaths {
  const { words, key, plan, tables } = state;
  const { pageBytes, pageWords, pageBase, indexBits, directoryBase } = plan;
  const { ofRequest, sizeBytes: sizes } = tables;
  const hints = new Int32Array(HINTS * HINT_WORDS);
  const hugeOrdinal = plan.shape.classes.length - 1;
  const indexMask = (1 << indexBits) - 1;
  const inPageMask = pageBytes - 1;
  const { cellMask } = handles;
  const generationMask = HANDLE_MASK & ~cellMask;
  const cellPageShift = plan.pageShift - 2;
  const cellInPage = pageWords - 1;
  const lastMalloc = state.record + AGENT.at.lastMalloc;
  const cache = plan.cacheBase + state.agent.index * plan.cacheStride;
  const wanted = cache + CACHE.at.wanted;
  const magazines = cache + CACHE.words;

  function allocate(sizeBytes: number): number {
    if ((sizeBytes | 0) !== sizeBytes || sizeBytes < 1 || sizeBytes > pageBytes) throw badSize(sizeBytes, pageBytes);
    if ((words[alarm]! | words[wanted]!) !== 0) slow.heed();
    const ordinal = ofRequest[(sizeBytes + 7) >>> 3]!;
    const magazine = magazines + ordinal * MAGAZINE_WORDS;
    if (words[magazine + lease] === 0 || words[magazine + head] === 0) return slow.allocate(sizeBytes, ordinal);
    return pop(ordinal, magazine, sizeBytes);
  }

  function pop(ordinal: number, magazine: WordIndex, sizeBytes: number): number {
    const slot = words[magazine + head]!;
    const second = ordinal === hugeOrdinal ? state.lengthWord(ordinal, slot) : slot + 1;
    const tagged = words[slot]! & ~CACHED;
    const hint = ((tagged >>> 1) & (HINTS - 1)) * HINT_WORDS;
    hints[hint] = tagged;
    hints[hint + 1] = slot;
    hints[hint + 2] = second;
    hints[hint + 3] = magazine;
    words[magazine + pending] = tagged;
    words[magazine + head] = words[second]!;
    words[magazine + count]! -= 1;
    words[magazine + bytes]! += sizeBytes;
    words[second] = sizeBytes;
    words[lastMalloc] = tagged;
    // Last: from here on it is an object. Whoever hands the handle over orders this before the other agent's reads.
    words[slot] = tagged;
    return (tagged >>> 1) ^ key;
  }

  function free(handle: number): void {
    if ((words[alarm]! | words[wanted]!) !== 0) slow.heed();
    if (!push(handle)) slow.free(handle);
  }

  function push(handle: number): boolean {
    if (!keepsFrees || (handle | 0) !== handle || handle <= 0 || handle > HANDLE_MASK) return false;
    const raw = handle ^ key;
    const tagged = (raw << 1) | 1;
    const hint = (raw & (HINTS - 1)) * HINT_WORDS;
    if (hints[hint] === tagged) return put(raw, hints[hint + 1]!, hints[hint + 2]!, hints[hint + 3]!);
    const cells = words[directoryBase + ((raw & cellMask) >>> cellPageShift)]!;
    const location = words[cells * pageWords + (raw & cellMask & cellInPage)]!;
    if (cells === 0 || location <= 0 || location >= CELL_RETIRED) return false;
    const page = location >>> indexBits;
    const owner = words[pageBase + page * PAGE_WORDS]!;
    const ordinal = owner & OWNER_CLASS_MASK;
    if (owner === 0 || ordinal > hugeOrdinal) return false;
    const magazine = magazines + ordinal * MAGAZINE_WORDS;
    if (ordinal === hugeOrdinal) {
      const header = state.headerWord(ordinal, location);
      return put(raw, header, state.lengthWord(ordinal, header), magazine);
    }
    const slot = page * pageWords + ((((location & indexMask) * sizes[ordinal]!) & inPageMask) >>> 2);
    return put(raw, slot, slot + 1, magazine);
  }

  function put(raw: number, slot: WordIndex, second: WordIndex, magazine: WordIndex): boolean {
    const held = words[magazine + count]!;
    // A magazine that is not leased has a limit of 0.
    if (held >= words[magazine + limit]! || words[slot] !== ((raw << 1) | 1)) return false;
    const next = (raw + cellMask + 1) & generationMask;
    // Generations begin again: the cell goes to the end of the queue, so that a stale handle meets other ones first.
    if (next === 0) return false;
    const following = ((next | (raw & cellMask)) << 1) | 1;
    words[magazine + pending] = following;
    words[magazine + bytes]! -= words[second]! & LENGTH_MASK;
    // The handle dies here.
    words[slot] = following | CACHED;
    words[second] = words[magazine + head]!;
    words[magazine + head] = slot;
    words[magazine + count] = held + 1;
    return true;
  }

  return { allocate, free, pop, push, forgetHints: () => void hints.fill(0) };
}
