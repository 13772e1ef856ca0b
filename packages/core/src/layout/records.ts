// Every record of a pool's buffer. No offset is written anywhere else.
//
// Order in the buffer: HEADER, the strategy's pool words, LOCK records, CLASS records, AGENT records, CACHE records
// with their MAGAZINEs, PAGE table,
// ZSPAGE table, handle directory; then pages: component pages of zspages, and pages of handle cells.
//
// A HANDLE CELL is one word:
//   0                        never used
//   bits 0-28, 29-30 clear   the object's location: page number << indexBits | slot index
//   bit 29 set               retired: bits 0-28 still are the location, until the object is reclaimed
//   bit 30 set               free: generation of the next use << cellBits | next free cell
//
// A SLOT's first word tells whether it is in use:
//   cached                   the same with the sign set: in an agent's cache, its cell as if allocated; the second word is the
//                            first word of the next cached slot, or 0
//   allocated                handle << 1 | 1, without the pool's key; the second word has the object's length in bits 0-16
//                            and belongs to the strategy above, once the object or its place is retired; bit 31 is TORN
//   free                     location of the next free slot << 1, or 0
// A huge object has no header: its handle word is the `link` of its page, its length the zspage's `freeHead`. These stand for
// the two words of a slot, cached or not.

import { defineLayout, layoutHash } from './define.ts';
import type { Layout } from './define.ts';

/** Words of a cache line. */
export const LINE_WORDS = 16;
/** Bits of an object's length in the second word of its slot. */
export const LENGTH_BITS = 17;
export const LENGTH_MASK: number = (1 << LENGTH_BITS) - 1;
/** In the same word: the slot is a place whose object has moved on. Set by strategies that do not reclaim at once. */
export const PLACE_MOVED: number = 1 << 30;
/** In the same word, or in a huge object's length: an agent died while it wrote to the object. The sign. */
export const TORN: number = 1 << 31;
/** In the first word of a slot: the slot is in an agent's cache. The sign. */
export const CACHED: number = 1 << 31;
/** First word of a pool: 'zsm' and the record format's number. */
export const MAGIC = 0x7a736d01;
/** Number of this format; raised when memory changes its meaning. */
export const FORMAT = 3;

const headerFields = {
  magic: { words: 1, guard: 'init', doc: 'MAGIC; written last.' },
  format: { words: 1, guard: 'init', doc: 'FORMAT.' },
  layoutHash: { words: 1, guard: 'init', doc: 'Hash of all records.' },
  strategyHash: { words: 1, guard: 'init', doc: 'Hash of the strategy id.' },
  strategyVersion: { words: 1, guard: 'init', doc: 'Version of the strategy.' },
  key: { words: 1, guard: 'init', doc: 'Random 30 bits, XORed into handles: a foreign handle is a bad one.' },
  pageShift: { words: 1, guard: 'init', doc: 'log2 of the page size.' },
  chainPages: { words: 1, guard: 'init', doc: 'Most pages in a zspage.' },
  pages: { words: 1, guard: 'init', doc: 'Pages in the buffer, tables included.' },
  agentsMax: { words: 1, guard: 'init', doc: 'Agent records.' },
  strategyWords: { words: 4, guard: 'init', doc: 'Words that the strategy has per pool, lock, zspage and agent.' },
  compactAbove: { words: 1, guard: 'init', doc: 'Automatic compaction threshold in 1/10000; 0 for never.' },
  alarm: { words: 1, guard: 'atomic', doc: 'Bit 0: an agent recovers from a death. Bit 1: the pool is poisoned.' },
  compactor: { words: 1, guard: 'atomic', doc: 'Agent that is compacting, or 0.' },
  pagesCompacted: { words: 1, guard: 'atomic', doc: 'Pages freed by compaction since creation.' },
  objectsMoved: { words: 1, guard: 'atomic', doc: 'Objects moved by compaction since creation.' },
  busySkips: { words: 1, guard: 'atomic', doc: 'Zspages that movers found busy since creation.' },
  recoverer: { words: 1, guard: 'atomic', doc: 'Agent that recovers from deaths, or 0.' },
  disturbed: { words: 1, guard: 'atomic', doc: 'Visits to reader counts, and ends of reads, while an agent recovers.' },
  unaccounted: {
    words: 1,
    guard: 'atomic',
    doc: 'What a death may have lost and nobody has looked for yet. Bit 0: pages. Bit 1: handle cells.',
  },
  deaths: { words: 1, guard: 'atomic', doc: 'Agents recovered from since creation.' },
  cacheBytes: { words: 1, guard: 'init', doc: 'Bytes of objects that an agent may cache; 0 for no caches.' },
  classStepBytes: { words: 1, guard: 'init', doc: 'Bytes from one slot size to the next.' },
  reservedAtomic: { words: 6, guard: 'atomic', doc: 'Zero; ends the line.' },
  pageFreeHead: { words: 1, guard: 'pages lock', doc: 'First free page, linked by `link`; 0 for none.' },
  pageFreeCount: { words: 1, guard: 'pages lock', doc: 'Pages in that list.' },
  pageFresh: { words: 1, guard: 'pages lock', doc: 'First page that was never used.' },
  zspageFreeHead: { words: 1, guard: 'pages lock', doc: 'First free zspage record, linked by `next`; 0 for none.' },
  zspageFresh: { words: 1, guard: 'pages lock', doc: 'First zspage record that was never used.' },
  zspageCount: { words: 1, guard: 'pages lock', doc: 'Zspages that exist.' },
  reservedPages: { words: 10, guard: 'pages lock', doc: 'Zero; ends the line.' },
  cellFresh: { words: 1, guard: 'handles lock', doc: 'First handle cell that was never used.' },
  cellFreeHead: { words: 1, guard: 'handles lock', doc: 'First cell of the stock; 0 for none.' },
  cellFreeTail: { words: 1, guard: 'handles lock', doc: 'Last cell of the stock.' },
  cellFreeCount: { words: 1, guard: 'handles lock', doc: 'Cells in the stock.' },
  cellPages: {
    words: 1,
    guard: 'handles lock',
    doc: 'Pages of handle cells. They are never given back: a stale handle must find a cell.',
  },
  reservedCells: { words: 11, guard: 'handles lock', doc: 'Zero; ends the line.' },
} as const;
export const HEADER: Layout<keyof typeof headerFields> = defineLayout('header', LINE_WORDS, headerFields);

/** A structure lock, on a line of its own: waiters poll it while the holder changes the record. */
const lockFields = {
  state: { words: 16, guard: 'strategy', doc: 'Lock words; all zero is unlocked.' },
} as const;
export const LOCK: Layout<keyof typeof lockFields> = defineLayout('lock', LINE_WORDS, lockFields);

const classFields = {
  groupMask: { words: 1, guard: 'class lock', doc: 'Bit g is set when the list of fullness group g is not empty.' },
  groupHeads: { words: 12, guard: 'class lock', doc: 'First zspage of each fullness group; 0 for none.' },
  groupCounts: { words: 12, guard: 'class lock', doc: 'Zspages in each fullness group.' },
  capacity: { words: 1, guard: 'class lock', doc: 'Slots of all zspages of the class.' },
  inuse: { words: 1, guard: 'class lock', doc: 'Slots in use, retired ones included.' },
  bytesLow: { words: 1, guard: 'class lock', doc: 'Lengths of all objects: the low 30 bits.' },
  bytesHigh: { words: 1, guard: 'class lock', doc: 'Lengths of all objects: in units of 2^30.' },
  pages: { words: 1, guard: 'class lock', doc: 'Component pages of all zspages of the class.' },
  cellHead: { words: 1, guard: 'class lock', doc: 'First free handle cell at hand; 0 for none.' },
  cellTail: { words: 1, guard: 'class lock', doc: 'Last free handle cell at hand.' },
  cellCount: { words: 1, guard: 'class lock', doc: 'Free handle cells at hand.' },
  pending: {
    words: 1,
    guard: 'class lock',
    doc: 'Handle << 1 | 1 of the object that is being allocated or freed; 1: other changes are under way; 0: none are.',
  },
  bytesUnsure: {
    words: 1,
    guard: 'class lock',
    doc: '1: an agent died while it had the lease of a magazine, so the bytes must be counted anew.',
  },
  reserved: { words: 13, guard: 'class lock', doc: 'Zero; ends the line.' },
} as const;
export const CLASS: Layout<keyof typeof classFields> = defineLayout('class', LINE_WORDS, classFields);

/** What an agent writes with plain stores, others read once it is dead: its certificate orders them. */
const agentFields = {
  state: {
    words: 1,
    guard: 'atomic',
    doc: 'Bit 0: attached. Bit 1: declared dead. Bits 2-11: incarnation. Bits 12-29: low bits of `thread`.',
  },
  thread: { words: 1, guard: 'agent', doc: 'Number of the thread that attached, plus 1; 0 where threads have none.' },
  waiting: { words: 1, guard: 'atomic', doc: '1: it waits for a lock, and counts in no lock that it waits for.' },
  writing: { words: 1, guard: 'agent', doc: 'Handle << 1 | 1 of the object that it is writing to, or 0.' },
  lastMalloc: { words: 1, guard: 'agent', doc: 'Handle << 1 | 1 of its last malloc, or 0.' },
  moveFrom: { words: 1, guard: 'agent', doc: 'Page that it is migrating, or 0.' },
  moveTo: { words: 1, guard: 'pages lock', doc: 'Page that it has taken to migrate to, or 0.' },
  emptyZspages: { words: 1, guard: 'agent', doc: 'First zspage that it has yet to give back, linked by `next`; or 0.' },
  emptyPages: { words: 1, guard: 'agent', doc: 'First page that it has yet to give back, linked by `link`; or 0.' },
  readPages: { words: 1, guard: 'pages lock', doc: 'First page of further `reads`, linked by `link`; or 0.' },
  lookup: { words: 1, guard: 'agent', doc: 'Like an entry of `reads`, for the pool lock.' },
  heldCalls: { words: 1, guard: 'agent', doc: 'Calls of a strategy without recovery that have begun and not ended.' },
  reads: {
    words: 44,
    guard: 'agent',
    doc: 'Reader counts that it is in: lock word << 2 | 1 entering, 2 inside, 3 leaving; 0 for a free entry.',
  },
} as const;
export const AGENT: Layout<keyof typeof agentFields> = defineLayout('agent', 1, agentFields);

/** Where an agent's cache begins. Its magazines follow, one for each class. There only in pools that have caches. */
const cacheFields = {
  wanted: { words: 1, guard: 'atomic', doc: '1: another agent asks for what this one has cached.' },
  reserved: { words: 15, guard: 'agent', doc: 'Zero; ends the line.' },
} as const;
/** In the place of an agent: whose cache record has the magazines that are the classes' depots. */
export const DEPOT = 0;
export const CACHE: Layout<keyof typeof cacheFields> = defineLayout('cache', LINE_WORDS, cacheFields);

/** Guard 'lease': its agent while `lease` is set, else the class lock. */
const magazineFields = {
  lease: {
    words: 1,
    guard: 'atomic',
    doc: '1: its agent uses it without the class lock. Set under that lock, cleared by its agent.',
  },
  head: { words: 1, guard: 'lease', doc: 'First word of the cached slot that goes next; 0 for none.' },
  count: { words: 1, guard: 'lease', doc: 'Slots in it.' },
  bytes: {
    words: 1,
    guard: 'lease',
    doc: 'What its mallocs and frees have added to the lengths that the class counts.',
  },
  pending: {
    words: 1,
    guard: 'lease',
    doc: 'Handle << 1 | 1 of the object that last went in or out, or was about to.',
  },
  limit: { words: 1, guard: 'agent', doc: 'Slots that frees may fill it up to; 0 while it is not leased.' },
  reserved: { words: 2, guard: 'lease', doc: 'Zero; half a line.' },
} as const;
export const MAGAZINE: Layout<keyof typeof magazineFields> = defineLayout('magazine', LINE_WORDS / 2, magazineFields);

/** Two words a page; the strategy's lookup needs one of them. */
const pageFields = {
  owner: {
    words: 1,
    guard: 'pool or class lock',
    doc: 'Zspage << 9 | class ordinal; 0 when the page is in no zspage.',
  },
  link: {
    words: 1,
    guard: 'pool or class lock',
    doc: 'Next page of the zspage or of the free list; a huge page: handle << 1 | 1, with the sign when cached.',
  },
} as const;
export const PAGE: Layout<keyof typeof pageFields> = defineLayout('page', 2, pageFields);

/** Five words behind the strategy's. Records are not padded: a pool has one for each page. */
const zspageFields = {
  usage: {
    words: 1,
    guard: 'class lock',
    doc: 'Slots in use (bits 0-11), slots ever used (12-23), fullness group (24-27).',
  },
  freeHead: {
    words: 1,
    guard: 'class lock',
    doc: 'Location of the first free slot that was used before, or 0; huge: the length, or the next cached.',
  },
  firstPage: { words: 1, guard: 'class lock', doc: 'First component page.' },
  prev: { words: 1, guard: 'class lock', doc: 'Previous zspage of the fullness list, or 0.' },
  next: { words: 1, guard: 'class lock', doc: 'Next zspage of the fullness list or of the free records, or 0.' },
} as const;
export const ZSPAGE: Layout<keyof typeof zspageFields> = defineLayout('zspage', 1, zspageFields);

/** All records, in the order of the buffer. */
export const RECORDS: readonly Layout[] = [HEADER, LOCK, CLASS, AGENT, CACHE, MAGAZINE, PAGE, ZSPAGE];

export const LAYOUT_HASH: number = layoutHash(RECORDS);
