import { assertPassed, assertProved } from '@zsmalloc/explorer';
import type { Strategy } from '@zsmalloc/core/strategy';
import { describe, expect, it } from 'vitest';
import type { AgentPool } from '@zsmalloc/core/model';
import { migrationPrograms } from '../packages/conformance/src/pool/migration-programs.ts';
import { objectPrograms, threeAgents } from '../packages/conformance/src/pool/object-programs.ts';
import { explorePool } from '../packages/conformance/src/pool/pool-model.ts';
import * as broken from './broken-strategies.mjs';
import { strategyNamed } from './strategies.ts';

const programs = { ...objectPrograms, ...migrationPrograms, ...threeAgents };

// The rcu strategies are not here: they take longer for all schedules of these programs. packages/lock-rcu/test explores
// programs of theirs, and the conformance kit these, as far as its time allows.
const explored = ['bigLock', 'spin', 'preemptible', 'preemptibleAtomic', 'preemptibleDirect', 'bigReader', 'rwsem'];

/** Three agents, and too large to be explored with every schedule each time: PREEMPTIONS=2 for more of them, Infinity for all. */
const PREEMPTIONS = Number(process.env['PREEMPTIONS'] ?? 1);
const [twoReads, readAndWrite, mallocAndFree] = Object.keys(threeAgents);
const large: Readonly<Record<string, readonly (string | undefined)[]>> = {
  rwsem: [twoReads, readAndWrite, mallocAndFree],
  preemptible: [twoReads, readAndWrite],
  preemptibleAtomic: [twoReads, readAndWrite],
  bigLock: [mallocAndFree],
  preemptibleDirect: [mallocAndFree],
  bigReader: [mallocAndFree],
};
/** Two agents, and still too large for every schedule of rwsem. */
const largeOfTwo = ['a free beside the migration of its page', 'a migration beside a migration of the same page'];

/** Preemptions with which a program is explored. */
function boundOf(strategy: string, what: string): number {
  if (strategy === 'rwsem' && largeOfTwo.includes(what)) return 2;
  return large[strategy]?.includes(what) === true ? PREEMPTIONS : Infinity;
}

describe.each(explored)('%s', (name) => {
  const { strategy } = strategyNamed(name);
  const whats = Object.keys(programs);

  it.each(whats.filter((what) => boundOf(name, what) === Infinity))(
    'keeps the pool whole in every schedule: %s',
    (what) => {
      assertProved(explorePool(programs[what](strategy)));
    },
  );

  it.each(whats.map((what) => [boundOf(name, what), what] as const).filter(([bound]) => bound !== Infinity))(
    'keeps the pool whole in every schedule with at most %i preemptions: %s',
    (preemptions, what) => {
      assertPassed(explorePool({ ...programs[what](strategy), options: { preemptions } }));
    },
  );
});

describe('the model', () => {
  const mutants: [string, Strategy, string][] = [
    ['has a zspage lock that does nothing', broken.noZspageLock, 'a read beside a compaction that moves the object'],
    ['lets a mover in beside a reader', broken.moverBesideReader, 'a read beside a compaction that moves the object'],
    ['lets a mover in beside a writer', broken.moverBesideReader, 'a write beside a compaction that moves the object'],
    ['migrates a page beside a reader', broken.moverBesideReader, 'a read beside the migration of its page'],
    [
      'looks whether readers are inside, and lets go',
      broken.looksAndLetsGo,
      'a read beside a compaction that moves the object',
    ],
    ['has class locks that do nothing', broken.noClassLock, 'a malloc beside a malloc, both in a class that has room'],
    [
      'does not look at the cell again when it reads',
      broken.noSecondLook,
      'a read beside a compaction that moves the object',
    ],
  ];

  it.each(mutants)('rejects a strategy that %s', (_, strategy, what) => {
    expect(explorePool({ ...programs[what](strategy), options: { maxExecutions: 20_000 } }).verdict).toBe('failed');
  });

  it('rejects a compaction that publishes an object before it copies it', () => {
    const { strategy } = strategyNamed('preemptibleDirect');
    const program = programs['a read beside a compaction that moves the object'](strategy);
    const result = explorePool({ ...program, break: publishFirst, options: { maxExecutions: 20_000 } });
    expect(result.verdict).toBe('failed');
  });
});

/** Puts off each copy until its object has been published. */
function publishFirst(pool: AgentPool): void {
  interface Parts {
    compactor: { merger: { slots: { copy(...place: number[]): number } } };
    state: { strategy: { publish(cell: number, location: number): void } };
  }
  const { compactor, state } = pool as unknown as Parts;
  const { slots } = compactor.merger;
  const { strategy } = state;
  const copy = slots.copy.bind(slots);
  const publish = strategy.publish.bind(strategy);
  let putOff: (() => void) | undefined;
  slots.copy = (...place) => {
    putOff = () => void copy(...place);
    return 0;
  };
  strategy.publish = (cell, location) => {
    publish(cell, location);
    putOff?.();
  };
}
