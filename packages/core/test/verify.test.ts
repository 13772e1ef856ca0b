// verify() is a checker: each invariant has planted bugs that it must catch by name.

import { describe, expect, it } from 'vitest';
import { AGENT, HEADER } from '../src/layout/records.ts';
import type { Invariant } from '../src/invariant.ts';
import { classField, classFor, filled, makePool, pageField, refusal, zspageField } from './use-pool.ts';
import type { TestPool } from './use-pool.ts';

/** A pool in which every structure has something in it, and where it is. */
interface Subject extends TestPool {
  /** Ordinal of a class with two partly used zspages that have free slots, and the huge one. */
  readonly ordinal: number;
  readonly huge: number;
  readonly fullest: number;
  readonly emptiest: number;
  /** Raw handles and words of two objects of that class in the fullest zspage, and their cells. */
  readonly objects: { header: number; cell: number; location: number }[];
}

function subject(): Subject {
  const made = makePool();
  const { pool, words, plan, key } = made;
  const { ordinal, objectsPerZspage } = classFor(made, 500);
  const handles = Array.from({ length: 2 * objectsPerZspage }, (_, i) => filled(pool, 500, i));
  const freed = [pool.malloc(4096), pool.malloc(4096), pool.malloc(3000)];
  filled(pool, 4096, 1);
  filled(pool, 4000, 2);
  for (const handle of freed) pool.free(handle);
  for (const i of [1, 3, 9, 10, 11, 12, 13]) pool.free(handles[i]!);
  pool.verify();
  const head = (group: number): number => words[classField(made, ordinal, 'groupHeads') + group]!;
  const cellWord = (handle: number): number => {
    const cell = (handle ^ key) & ((1 << plan.cellBits) - 1);
    return words[plan.directoryBase + Math.floor(cell / plan.pageWords)]! * plan.pageWords + (cell % plan.pageWords);
  };
  const objects = [handles[0]!, handles[2]!].map((handle) => {
    const offset = pool.readBegin(handle);
    pool.readEnd(offset);
    const cell = cellWord(handle);
    return { header: offset / 4 - 2, cell, location: words[cell]! };
  });
  // 6 of 8 and 3 of 8 slots in use.
  return { ...made, ordinal, huge: plan.shape.classes.length - 1, fullest: head(8), emptiest: head(4), objects };
}

type Plant = (subject: Subject) => void;

const groupOfUsage = 24;

/** First word of the record of one more agent, which is made to look attached. */
function recordOf({ words, plan }: Subject): number {
  const record = plan.agentBase + 2 * plan.agentStride;
  words[record + AGENT.at.state] = 1;
  return record;
}

/** What only recovery checks has tests of its own, and so has what is in caches. */
const planted: Record<
  Exclude<Invariant, 'readers-counted' | 'words-in-range' | 'caches-listed'>,
  Record<string, Plant>
> = {
  'lists-linked': {
    'a backward link to another zspage': (s) => (s.words[zspageField(s, s.fullest, 'prev')] = s.emptiest),
    'a list that is a circle': (s) => (s.words[zspageField(s, s.fullest, 'next')] = s.fullest),
    'a zspage on two lists': (s) => (s.words[classField(s, s.ordinal, 'groupHeads') + 9] = s.fullest),
  },
  'group-matches-inuse': {
    'a zspage that says another group than its list': (s) =>
      (s.words[zspageField(s, s.fullest, 'usage')]! += 1 << groupOfUsage),
    'one object more than there are': (s) => (s.words[zspageField(s, s.emptiest, 'usage')]! += 1),
  },
  'mask-matches-lists': {
    'a bit for an empty list': (s) => (s.words[classField(s, s.ordinal, 'groupMask')]! |= 1 << 2),
    'no bit for a list': (s) => (s.words[classField(s, s.ordinal, 'groupMask')]! &= ~(1 << 8)),
  },
  'counters-match': {
    'a group count': (s) => (s.words[classField(s, s.ordinal, 'groupCounts') + 8]! += 1),
    'the capacity': (s) => (s.words[classField(s, s.ordinal, 'capacity')]! -= 1),
    'the objects in use': (s) => (s.words[classField(s, s.ordinal, 'inuse')]! += 1),
    'the bytes stored, low': (s) => (s.words[classField(s, s.ordinal, 'bytesLow')]! += 8),
    'the bytes stored, high': (s) => (s.words[classField(s, s.ordinal, 'bytesHigh')]! += 1),
    'the pages': (s) => (s.words[classField(s, s.huge, 'pages')]! += 1),
    'fewer slots ever used than in use': (s) => (s.words[zspageField(s, s.fullest, 'usage')]! -= 4 << 12),
  },
  'chain-owned': {
    'a page that another zspage owns': (s) =>
      (s.words[pageField(s, s.words[zspageField(s, s.fullest, 'firstPage')]!, 'owner')]! += 1 << 9),
    'two zspages of one chain': (s) => {
      const first = zspageField(s, s.fullest, 'firstPage');
      s.words[first] = s.words[zspageField(s, s.emptiest, 'firstPage')]!;
    },
    'a chain that does not end': (s) => {
      const page = s.words[zspageField(s, s.fullest, 'firstPage')]!;
      s.words[pageField(s, page, 'link')] = page;
    },
  },
  'free-list-distinct': {
    'a list that is cut off': (s) => (s.words[zspageField(s, s.emptiest, 'freeHead')] = 0),
    'a list that is a circle': (s) => {
      const location = s.words[zspageField(s, s.emptiest, 'freeHead')]!;
      const page = s.words[zspageField(s, s.emptiest, 'firstPage')]!;
      const slot = location & ((1 << s.plan.indexBits) - 1);
      s.words[page * s.plan.pageWords + (slot * s.plan.shape.classes[s.ordinal]!.sizeBytes) / 4] = location << 1;
    },
    'a slot of another zspage': (s) =>
      (s.words[zspageField(s, s.emptiest, 'freeHead')] = s.words[zspageField(s, s.fullest, 'freeHead')]!),
    'a slot that was never used': (s) => (s.words[zspageField(s, s.emptiest, 'usage')]! -= 4 << 12),
  },
  'slots-tagged': {
    'an object that looks free': (s) => (s.words[s.objects[0]!.header]! &= ~1),
    'a free slot that looks used': (s) => {
      const location = s.words[zspageField(s, s.fullest, 'freeHead')]!;
      const slot = location & ((1 << s.plan.indexBits) - 1);
      s.words[
        (location >>> s.plan.indexBits) * s.plan.pageWords + (slot * s.plan.shape.classes[s.ordinal]!.sizeBytes) / 4
      ]! |= 1;
    },
    'a huge object that looks free': (s) => {
      const zspage = s.words[classField(s, s.huge, 'groupHeads') + 11]!;
      s.words[pageField(s, s.words[zspageField(s, zspage, 'firstPage')]!, 'link')] = 0;
    },
  },
  'cells-match-slots': {
    'a cell that names the object of another': (s) => (s.words[s.objects[0]!.cell] = s.objects[1]!.location),
    'a cell that is free while its object lives': (s) => (s.words[s.objects[0]!.cell] = 1 << 30),
    'two objects of one handle': (s) => (s.words[s.objects[0]!.header] = s.words[s.objects[1]!.header]! ^ (1 << 29)),
    'a handle whose cell does not exist': (s) => (s.words[s.objects[0]!.header] = (20_000 << 1) | 1),
  },
  'length-in-class': {
    'an object longer than its slot': (s) => (s.words[s.objects[0]!.header + 1] = 505),
    'an object of no bytes': (s) => (s.words[s.objects[0]!.header + 1] = 0),
    'a huge object longer than its page': (s) =>
      (s.words[zspageField(s, s.words[classField(s, s.huge, 'groupHeads') + 11]!, 'freeHead')] = 4097),
  },
  'cells-accounted': {
    'a cell that is in no list': (s) => {
      const head = classField(s, s.ordinal, 'cellHead');
      const cellMask = (1 << s.plan.cellBits) - 1;
      const word = s.words[s.plan.directoryBase]! * s.plan.pageWords + s.words[head]!;
      s.words[head] = s.words[word]! & cellMask;
      s.words[classField(s, s.ordinal, 'cellCount')]! -= 1;
    },
    'the count of a class': (s) => (s.words[classField(s, s.ordinal, 'cellCount')]! += 1),
    'the tail of a class': (s) => (s.words[classField(s, s.ordinal, 'cellTail')]! += 1),
    'the count of the stock': (s) => (s.words[HEADER.at.cellFreeCount]! += 1),
    'a list that is a circle': (s) => {
      const head = s.words[classField(s, s.ordinal, 'cellHead')]!;
      const tail = s.words[classField(s, s.ordinal, 'cellTail')]!;
      s.words[s.words[s.plan.directoryBase]! * s.plan.pageWords + tail]! += head;
    },
    'a fresh cell that nobody has': (s) => (s.words[HEADER.at.cellFresh]! += 1),
  },
  'pages-accounted': {
    'the count of free pages': (s) => (s.words[HEADER.at.pageFreeCount]! += 1),
    'a free page that is owned': (s) =>
      (s.words[pageField(s, s.words[HEADER.at.pageFreeHead]!, 'owner')] = (1 << 9) | 5),
    'a free list that is a circle': (s) => {
      const head = s.words[HEADER.at.pageFreeHead]!;
      s.words[pageField(s, head, 'link')] = head;
    },
    'a page that nobody has': (s) => (s.words[HEADER.at.pageFresh]! += 1),
    'a page of cells that is not counted': (s) => (s.words[HEADER.at.cellPages]! -= 1),
  },
  'records-accounted': {
    'the count of zspages': (s) => (s.words[HEADER.at.zspageCount]! += 1),
    'a record that nobody has': (s) => (s.words[HEADER.at.zspageFresh]! += 1),
    'a free record that is in use': (s) => (s.words[HEADER.at.zspageFreeHead] = s.fullest),
  },
  'lists-bounded': {
    'pages in the hands of an agent that are none': (s) => (s.words[recordOf(s) + AGENT.at.emptyPages] = 1),
    'zspages in the hands of an agent that are none': (s) => (s.words[recordOf(s) + AGENT.at.emptyZspages] = -1),
    'pages in the hands of an agent in a circle': (s) => {
      const page = s.words[HEADER.at.pageFreeHead]!;
      s.words[s.plan.pageBase + 2 * page + 1] = page;
      s.words[HEADER.at.pageFreeHead] = 0;
      return (s.words[recordOf(s) + AGENT.at.readPages] = page);
    },
  },
  'reserved-zero': {
    'a word of the second line': (s) => (s.words[HEADER.at.reservedAtomic] = 1),
    'the last word of the header': (s) =>
      (s.words[HEADER.at.reservedCells + HEADER.fields.reservedCells.words - 1] = -1),
  },
};

const cases = Object.entries(planted).flatMap(([invariant, plants]) =>
  Object.entries(plants).map(([what, plant]): [string, string, Plant] => [invariant, what, plant]),
);

describe('verify', () => {
  it.each(cases)('finds that %s does not hold: %s', (invariant, _, plant) => {
    const s = subject();
    const sound = s.words.slice();
    plant(s);
    expect(Buffer.compare(Buffer.from(sound.buffer), Buffer.from(s.words.buffer)), 'something was changed').not.toBe(0);
    const error = refusal(() => s.pool.verify(), 'ERR_ZS_CORRUPT');
    expect(error.facts.invariant, error.message).toBe(invariant);
    expect(error.message).toContain(`"${invariant}"`);
    s.words.set(sound);
    s.pool.verify();
  });

  it('changes nothing', () => {
    const s = subject();
    const before = s.words.slice();
    s.pool.verify();
    expect(Buffer.compare(Buffer.from(before.buffer), Buffer.from(s.words.buffer))).toBe(0);
  });

  it('holds beside open reads', () => {
    const { pool } = subject();
    const handle = filled(pool, 3000, 1);
    pool.read(handle, () => pool.verify());
    const hold = pool.hold(handle);
    pool.verify();
    hold.release();
  });
});
