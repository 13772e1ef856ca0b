import { describe, expect, it } from 'vitest';
import {
  GROUPS,
  GROUPS_PARTIAL,
  GROUPS_WITH_ROOM,
  GROUP_EMPTY,
  GROUP_FULL,
  GROUP_ISOLATED,
  fullnessGroup,
} from '../src/fullness.ts';

/** Groups of all partly used zspages of so many slots, as [group, first inuse, last inuse]. */
function partialGroups(objects: number): number[][] {
  const found: number[][] = [];
  for (let inuse = 1; inuse < objects; inuse++) {
    const group = fullnessGroup(inuse, objects);
    if (found.at(-1)?.[0] === group) found.at(-1)![2] = inuse;
    else found.push([group, inuse, inuse]);
  }
  return found;
}

// The kernel names a group by the percentage that it ends at: group 30 is number 3, group 99 is number 10.
describe('fullnessGroup', () => {
  it.each([
    [2, [[6, 1, 1]]],
    [
      5,
      [
        [3, 1, 1],
        [5, 2, 2],
        [7, 3, 3],
        [9, 4, 4],
      ],
    ],
    [
      7,
      [
        [2, 1, 1],
        [3, 2, 2],
        [5, 3, 3],
        [6, 4, 4],
        [8, 5, 5],
        [9, 6, 6],
      ],
    ],
    [
      13,
      [
        [1, 1, 1],
        [2, 2, 2],
        [3, 3, 3],
        [4, 4, 5],
        [5, 6, 6],
        [6, 7, 7],
        [7, 8, 9],
        [8, 10, 10],
        [9, 11, 11],
        [10, 12, 12],
      ],
    ],
    [
      31,
      [
        [1, 1, 3],
        [2, 4, 6],
        [3, 7, 9],
        [4, 10, 12],
        [5, 13, 15],
        [6, 16, 18],
        [7, 19, 21],
        [8, 22, 24],
        [9, 25, 27],
        [10, 28, 30],
      ],
    ],
  ])('groups zspages of %i slots as the kernel does', (objects, groups) => {
    expect(partialGroups(objects)).toEqual(groups);
  });

  it('groups zspages of 256 slots as the kernel does', () => {
    const groups = partialGroups(256);
    expect(groups).toHaveLength(10);
    expect([groups[0], groups[1], groups[8], groups[9]]).toEqual([
      [1, 1, 25],
      [2, 26, 51],
      [9, 205, 230],
      [10, 231, 255],
    ]);
  });

  it('puts a used zspage never into the empty group and a free slot never into the full one', () => {
    for (let objects = 1; objects <= 2048; objects++) {
      expect(fullnessGroup(0, objects)).toBe(GROUP_EMPTY);
      expect(fullnessGroup(objects, objects)).toBe(GROUP_FULL);
      for (const inuse of [1, objects - 1]) {
        if (inuse < 1 || inuse === objects) continue;
        const group = fullnessGroup(inuse, objects);
        if (group <= GROUP_EMPTY || group >= GROUP_FULL) expect.fail(`${inuse} of ${objects} is in group ${group}`);
      }
    }
  });

  it('never falls as a zspage fills', () => {
    for (const objects of [2, 3, 9, 31, 113, 256, 2048]) {
      for (let inuse = 1; inuse <= objects; inuse++) {
        if (fullnessGroup(inuse, objects) < fullnessGroup(inuse - 1, objects))
          expect.fail(`falls at ${inuse} of ${objects}`);
      }
    }
  });
});

function members(set: number): number[] {
  return Array.from({ length: GROUP_ISOLATED + 1 }, (_, group) => group).filter((group) => ((set >>> group) & 1) === 1);
}

describe('sets of groups', () => {
  it('hold the groups that their names say, and never the isolated one', () => {
    expect(members(GROUPS_WITH_ROOM)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(members(GROUPS_PARTIAL)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(GROUPS).toBe(12);
  });
});
