// What agents do to objects, and how programs of them become checks.

import type { Capabilities } from '@zsmalloc/core/strategy';
import type { Check } from '../check.ts';
import type { SmallAgent } from '../host/small-agent.ts';
import { Violation } from '../host/small-host.ts';
import type { InvariantNumber } from '../invariants.ts';
import { explorerCheck } from './explorer-check.ts';
import { exploreSmall } from './small-program.ts';
import type { SmallEnd, SmallProgram } from './small-program.ts';

export const A = 11;
export const B = 22;
export const C = 33;

export const oneObject = (agent: SmallAgent): void => void agent.malloc(1, 0, A);
export const twoObjects = (agent: SmallAgent): void => {
  agent.malloc(1, 0, A);
  agent.malloc(2, 0, B);
};

/** Reads a cell that always has the object. */
export const reads =
  (cell: number, value: number) =>
  (agent: SmallAgent): void => {
    const found = agent.read(cell);
    if (found !== value) throw new Violation(`a reader sees ${found} in the object of cell ${cell}, not ${value}`);
  };

/** Reads a cell whose object may be freed. */
export const readsIfThere =
  (cell: number, value: number) =>
  (agent: SmallAgent): void => {
    const found = agent.read(cell);
    if (found !== value && found !== 0) throw new Violation(`a reader sees ${found} in a freed object, not ${value}`);
  };

export const holds =
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
export const moves =
  (cell: number, newCell = 5) =>
  (agent: SmallAgent): boolean => {
    const moved = agent.move(cell);
    agent.bound.reclaim(false);
    for (let next = newCell; moved && agent.malloc(next, 0, C); next++);
    return moved;
  };

export const frees =
  (cell: number, newCell = 5) =>
  (agent: SmallAgent): boolean => {
    const freed = agent.free(cell);
    agent.bound.reclaim(false);
    agent.malloc(newCell, 0, C);
    return freed;
  };

export const writes =
  (cell: number, value: number) =>
  (agent: SmallAgent): boolean =>
    agent.write(cell, value);

/** The objects that must be there at the end, whatever else is. */
export function has(...expected: [number, number][]): (end: SmallEnd) => void {
  return ({ contents }) => {
    for (const [cell, value] of expected) {
      const found = contents.get(cell);
      if (found !== value)
        throw new Violation(`the object of cell ${cell} is ${found ?? 'gone'} at the end, not ${value}`);
    }
  };
}

export function exactlyOne(what: string, ...names: string[]): (end: SmallEnd) => void {
  return ({ results }) => {
    const done = names.filter((name) => results[name] === true).length;
    if (done !== 1) throw new Violation(`${done} of ${names.length} agents ${what}; exactly one may`);
  };
}

/** A program, and the check that it makes. */
export interface ObjectProgram extends SmallProgram {
  readonly id: string;
  readonly title: string;
  readonly rows: readonly InvariantNumber[];
  readonly race: string;
  readonly weight?: number;
  readonly fits?: (capabilities: Capabilities) => boolean;
}

/** Programs as checks. */
export function toChecks(programs: readonly ObjectProgram[]): readonly Check[] {
  return programs.map((program) =>
    explorerCheck({ ...program, explore: (strategy, options) => exploreSmall(strategy, program, options) }),
  );
}
