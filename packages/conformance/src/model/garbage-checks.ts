// Programs about garbage: what is freed while it is read, and who reclaims it when.

import type { Check } from '../check.ts';
import { Violation } from '../host/small-host.ts';
import { defersReclaim } from '../invariants.ts';
import { A, B, C, frees, has, reads, readsIfThere, toChecks, twoObjects } from './object-roles.ts';

/** See the head of the file. */
export const garbageChecks: readonly Check[] = toChecks([
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
]);
