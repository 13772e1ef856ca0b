// Programs about objects: reads, writes, holds, frees and moves that meet.

import type { Capabilities } from '@zsmalloc/core/strategy';
import type { Check } from '../check.ts';
import type { SmallAgent } from '../host/small-agent.ts';
import { Violation } from '../host/small-host.ts';
import { defersReclaim } from '../invariants.ts';
import type { InvariantNumber } from '../invariants.ts';
import { explorerCheck } from './explorer-check.ts';
import { exploreSmall } from './small-program.ts';
import type { SmallEnd, SmallProgram } from './small-program.ts';

const A = 11;
const B = 22;
const C = 33;

const oneObject = (agent: SmallAgent): void => void agent.malloc(1, 0, A);
const twoObjects = (agent: SmallAgent): void => {
  agent.malloc(1, 0, A);
  agent.malloc(2, 0, B);
};

/** Reads a cell that always has the object. */
const reads =
  (cell: number, value: number) =>
  (agent: SmallAgent): void => {
    const found = agent.read(cell);
    if (found !== value) throw new Violation(`a reader sees ${found} in the object of cell ${cell}, not ${value}`);
  };

/** Reads a cell whose object may be freed. */
const readsIfThere =
  (cell: number, value: number) =>
  (agent: SmallAgent): void => {
    const found = agent.read(cell);
    if (found !== value && found !== 0) throw new Violation(`a reader sees ${found} in a freed object, not ${value}`);
  };

const holds =
  (cell: number, value: number) =>
  (agent: SmallAgent): void => {
    const word = agent.cell(cell);
    const found = agent.hold(cell, () => {
      const before = Atomics.load(agent.words, word);
      const after = Atomics.load(agent.words, word);
      if (before !== after) throw new Violation('an object moved while it was held');
    });
    if (found !== value) throw new Violation(`a holder sees ${found}, not ${value}`);
  };

/** Moves an object, and uses its old place again at once if that is free. */
const moves =
  (cell: number, newCell = 5) =>
  (agent: SmallAgent): boolean => {
    const moved = agent.move(cell);
    agent.bound.reclaim(false);
    for (let next = newCell; moved && agent.malloc(next, 0, C); next++);
    return moved;
  };

const frees =
  (cell: number, newCell = 5) =>
  (agent: SmallAgent): boolean => {
    const freed = agent.free(cell);
    agent.bound.reclaim(false);
    agent.malloc(newCell, 0, C);
    return freed;
  };

const writes =
  (cell: number, value: number) =>
  (agent: SmallAgent): boolean =>
    agent.write(cell, value);

/** The objects that must be there at the end, whatever else is. */
function has(...expected: [number, number][]): (end: SmallEnd) => void {
  return ({ contents }) => {
    for (const [cell, value] of expected) {
      const found = contents.get(cell);
      if (found !== value)
        throw new Violation(`the object of cell ${cell} is ${found ?? 'gone'} at the end, not ${value}`);
    }
  };
}

function exactlyOne(what: string, ...names: string[]): (end: SmallEnd) => void {
  return ({ results }) => {
    const done = names.filter((name) => results[name] === true).length;
    if (done !== 1) throw new Violation(`${done} of ${names.length} agents ${what}; exactly one may`);
  };
}

interface ObjectProgram extends SmallProgram {
  readonly id: string;
  readonly title: string;
  readonly rows: readonly InvariantNumber[];
  readonly race: string;
  readonly weight?: number;
  readonly fits?: (capabilities: Capabilities) => boolean;
}

const programs: readonly ObjectProgram[] = [
  {
    id: 'read-beside-move',
    title: 'a read beside the move of its object',
    rows: [1, 4, 13, 18],
    race: 'the old place of a moved object was used again while a read begun before the move was still open',
    setup: oneObject,
    agents: { reads: reads(1, A), moves: moves(1) },
    check: has([1, A]),
  },
  {
    id: 'two-reads-beside-move',
    title: 'reads of two objects beside a move',
    rows: [1, 4, 13, 18],
    weight: 2,
    race: 'the old place of a moved object was used again while a read begun before the move was still open',
    setup: twoObjects,
    agents: { one: reads(1, A), two: reads(2, B), moves: moves(1) },
    check: has([1, A], [2, B]),
  },
  {
    id: 'reads-in-a-row-beside-move',
    title: 'two reads one after the other beside two moves',
    rows: [1, 13, 18],
    race: 'a place was used again while a read was still open there',
    setup: oneObject,
    agents: {
      reads: (agent) => {
        reads(1, A)(agent);
        reads(1, A)(agent);
      },
      moves: (agent) => {
        agent.move(1);
        agent.move(1);
        agent.bound.reclaim(false);
      },
    },
    check: has([1, A]),
  },
  {
    id: 'write-beside-move',
    title: 'a write beside the move of its object',
    rows: [1, 4, 18],
    race: 'an object was moved while somebody was writing to it',
    setup: oneObject,
    agents: { writes: writes(1, B), moves: moves(1) },
    check: has([1, B]),
  },
  {
    id: 'hold-beside-move',
    title: 'a hold beside the move of its object',
    rows: [1, 4, 18],
    race: 'an object was moved while somebody was holding it',
    setup: oneObject,
    agents: { holds: holds(1, A), moves: moves(1) },
    check: has([1, A]),
  },
  {
    id: 'free-beside-free',
    title: 'a free beside a free of the same object',
    rows: [1, 4],
    race: 'two agents were inside class lock 0 at once',
    setup: twoObjects,
    agents: { one: (agent) => agent.free(1), two: (agent) => agent.free(1) },
    check: exactlyOne('have freed the same object', 'one', 'two'),
  },
  {
    id: 'free-beside-move',
    title: 'a free beside the move of its object',
    rows: [1, 4, 18],
    race: 'an object was moved and freed at once',
    setup: twoObjects,
    agents: { frees: (agent) => agent.free(1), moves: moves(1) },
    check: has([2, B]),
  },
  {
    id: 'move-beside-move',
    title: 'a move beside a move of the same object',
    rows: [1, 4, 18],
    race: 'two movers were inside one zspage at once',
    setup: twoObjects,
    agents: { one: (agent) => agent.move(1), two: (agent) => agent.move(1) },
    check: has([1, A], [2, B]),
  },
  {
    id: 'malloc-beside-malloc',
    title: 'two agents make objects of one class',
    rows: [1, 4],
    race: 'two agents were inside class lock 0 at once',
    agents: { one: (agent) => agent.malloc(1, 0, A), two: (agent) => agent.malloc(2, 0, B) },
    check: has([1, A], [2, B]),
  },
  {
    id: 'read-beside-free',
    title: 'a read beside the free of its object, whose slot is used again',
    rows: [13],
    race: 'an object was reclaimed while a read begun before the free was still open',
    fits: ({ freeDuringRead }) => freeDuringRead,
    setup: twoObjects,
    agents: { reads: readsIfThere(1, A), frees: frees(1) },
    check: has([2, B]),
  },
  {
    id: 'two-reads-beside-free',
    title: 'two readers beside the free of an object, whose slot is used again',
    rows: [13],
    weight: 2,
    race: 'an object was reclaimed while a read begun before the free was still open',
    fits: ({ freeDuringRead }) => freeDuringRead,
    setup: twoObjects,
    agents: { one: readsIfThere(1, A), two: readsIfThere(1, A), frees: frees(1) },
    check: has([2, B]),
  },
  {
    id: 'hold-beside-free',
    title: 'a hold beside the free of its object, whose slot is used again',
    rows: [13],
    race: 'an object was reclaimed while somebody was holding it',
    fits: ({ freeDuringRead }) => freeDuringRead,
    setup: twoObjects,
    agents: {
      holds: (agent) => {
        const found = agent.hold(1);
        if (found !== A && found !== 0) throw new Violation(`a holder sees ${found}, not ${A}`);
      },
      frees: frees(1),
    },
    check: has([2, B]),
  },
  {
    id: 'reclaimers-beside-read',
    title: 'two agents reclaim, one pressing, beside a read',
    rows: [13, 16],
    weight: 2,
    race: 'an object was reclaimed while a read begun before the free was still open',
    fits: defersReclaim,
    setup: twoObjects,
    agents: {
      reads: (agent) => readsIfThere(1, A)(agent),
      frees: (agent) => {
        agent.free(1);
        agent.bound.reclaim(true);
        agent.malloc(5, 0, C);
      },
      reclaims: (agent) => void agent.bound.reclaim(false),
    },
    check: has([2, B]),
  },
  {
    id: 'frees-in-two-classes',
    title: 'two agents free in two classes and reclaim in all',
    rows: [4, 14, 19],
    race: 'two agents were inside one class at once',
    setup: (agent) => {
      agent.malloc(1, 0, A);
      agent.malloc(2, 1, B);
    },
    agents: {
      one: (agent) => {
        agent.free(1);
        agent.bound.reclaim(false);
      },
      two: (agent) => {
        agent.free(2);
        agent.bound.reclaim(false);
      },
    },
  },
  {
    id: 'leaver-beside-reclaim',
    title: 'an agent frees and leaves, another one reclaims what it left',
    rows: [14, 17],
    race: 'garbage was reclaimed by two agents at once',
    setup: twoObjects,
    agents: {
      leaves: (agent) => {
        agent.free(1);
        agent.bound.detach();
      },
      reclaims: (agent) => void agent.bound.reclaim(false),
    },
    check: has([2, B]),
  },
  {
    id: 'nested-reads-beside-free',
    title: 'a read inside a read beside the free of the outer object, whose slot is used again',
    rows: [13],
    race: 'an object was reclaimed while a read begun before the free was still open',
    fits: ({ freeDuringRead }) => freeDuringRead,
    setup: twoObjects,
    agents: {
      reads: (agent) => {
        const found = agent.read(1, () => reads(2, B)(agent));
        if (found !== A && found !== 0) throw new Violation(`a reader sees ${found} in a freed object, not ${A}`);
      },
      frees: frees(1),
    },
    check: has([2, B]),
  },
];

/** See the head of the file. */
export const objectChecks: readonly Check[] = programs.map((program) =>
  explorerCheck({ ...program, explore: (strategy, options) => exploreSmall(strategy, program, options) }),
);
