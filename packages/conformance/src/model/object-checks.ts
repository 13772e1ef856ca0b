// Programs about objects: reads, writes, holds, frees and moves that meet.

import type { Check } from '../check.ts';
import { A, B, exactlyOne, has, holds, moves, oneObject, reads, toChecks, twoObjects, writes } from './object-roles.ts';

/** See the head of the file. */
export const objectChecks: readonly Check[] = toChecks([
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
]);
