import { assertPassed, assertProved } from '@zsmalloc/explorer';
import type { ExploreResult } from '@zsmalloc/explorer';
import type { Strategy, StrategyHost } from '@zsmalloc/core/strategy';
import { describe, expect, it } from 'vitest';
import { Epochs } from '../src/epochs.ts';
import { rcu, rcuSynchronize, rcuTurn } from '../src/index.ts';
import { Limbo } from '../src/limbo.ts';
import { RcuPool } from '../src/rcu-pool.ts';
import { TurnEpochs } from '../src/turn-epochs.ts';
import { explorePool } from './pool-programs.ts';
import type { Role } from './pool-programs.ts';
import {
  OTHER,
  SLOT_BYTES,
  compactAndReuse,
  contentOf,
  freeAndReuse,
  hold,
  migrateAndReuse,
  migrateTwice,
  oneZspage,
  read,
  readBoth,
  twoHalves,
  writeOld,
} from './pool-roles.ts';
import type { Setup } from './pool-roles.ts';

type Case = [string, Setup, Record<string, Role>];

const run = (strategy: Strategy, setup: Setup, roles: Record<string, Role>): ExploreResult =>
  explorePool({ strategy, setup, roles }, SLOT_BYTES);

/** The same, and the first object must have been written to whoever came first. */
const runWrite = (strategy: Strategy, setup: Setup, roles: Record<string, Role>): ExploreResult =>
  explorePool(
    { strategy, setup, roles, check: (pool, [handle]) => expect([...contentOf(pool, handle!)]).toEqual([OTHER]) },
    SLOT_BYTES,
  );

/** Sync threads have no turns: their roles end them themselves. */
const rcuTurnBySteps: Strategy = {
  ...rcuTurn,
  bind: (host) => new RcuPool(host, new TurnEpochs(host.agent, host, () => {}), new Limbo(host)),
};

const readCases: Case[] = [
  ['a read, and a free whose slot is used again', oneZspage, { reader: read, writer: freeAndReuse }],
  ['a read, and a compaction whose page is used again', twoHalves, { reader: readBoth, mover: compactAndReuse }],
  ['a read, and a migration whose page is used again', oneZspage, { reader: readBoth, mover: migrateAndReuse }],
  ['a read, and two migrations', oneZspage, { reader: readBoth, mover: migrateTwice }],
];

const otherCases: Case[] = [
  ['a hold, and a free', oneZspage, { holder: hold, writer: freeAndReuse }],
  ['a hold, and a compaction', twoHalves, { holder: hold, mover: compactAndReuse }],
  ['a write, and a free whose slot is used again', oneZspage, { first: writeOld, second: freeAndReuse }],
  ['two frees of one object', oneZspage, { first: freeAndReuse, second: freeAndReuse }],
  ['two compactions', twoHalves, { first: compactAndReuse, second: compactAndReuse }],
];

const writeCases: Case[] = [
  ['a write, and a compaction', twoHalves, { writer: writeOld, mover: compactAndReuse }],
  ['a write, and a migration', oneZspage, { writer: writeOld, mover: migrateAndReuse }],
];

class Unpinned extends Epochs {
  override pin(): void {}
  override unpin(): void {}
}

class GraceOfOne extends Limbo {
  override reclaim(classIndex: number, limit: number, epoch: number): number {
    return super.reclaim(classIndex, limit, epoch + 1);
  }
}

/** Looks at the marks of holders and writers when it attaches, and goes by that. */
class EarlyMarks extends Limbo {
  constructor(host: StrategyHost) {
    super(host);
    const found = [...this.holds.marks()];
    this.holds.marks = () => found;
  }
}

/** Holders and writers pin only. */
class PinnedWriters extends RcuPool {
  override writeBegin(cell: number): number {
    return this.readBegin(cell);
  }
  override writeEnd(): void {
    this.readEnd(0);
  }
}

/** Holders and writers protect nothing. */
class FreeHolds extends RcuPool {
  override writeBegin(cell: number): number {
    return Atomics.load(this.host.agent.words, cell);
  }
  override writeEnd(): void {}
}

class PageOverPage extends RcuPool {
  override relocateBegin(): boolean {
    return true;
  }
  override relocateEnd(): void {}
}

const bound =
  (Pool: typeof RcuPool, Pins: typeof Epochs = Epochs, Garbage: typeof Limbo = Limbo) =>
  (host: StrategyHost): RcuPool =>
    new Pool(host, new Pins(host.agent, host), new Garbage(host));

const [freeCase, compactCase, migrateCase, twiceCase] = readCases;
const mutants: [string, (host: StrategyHost) => RcuPool, Setup, Record<string, Role>][] = [
  ['does not pin, beside a free', bound(RcuPool, Unpinned), freeCase![1], freeCase![2]],
  ['does not pin, beside a compaction', bound(RcuPool, Unpinned), compactCase![1], compactCase![2]],
  ['does not pin, beside a migration', bound(RcuPool, Unpinned), migrateCase![1], migrateCase![2]],
  ['has a grace of one, beside a free', bound(RcuPool, Epochs, GraceOfOne), freeCase![1], freeCase![2]],
  ['has a grace of one, beside a compaction', bound(RcuPool, Epochs, GraceOfOne), compactCase![1], compactCase![2]],
  ['has a grace of one, beside a migration', bound(RcuPool, Epochs, GraceOfOne), migrateCase![1], migrateCase![2]],
  ['forgets a retired page', bound(PageOverPage), twiceCase![1], twiceCase![2]],
  ['reclaims below holders', bound(FreeHolds), oneZspage, { holder: hold, writer: freeAndReuse }],
  [
    'reclaims below holders that came after a look',
    bound(RcuPool, Epochs, EarlyMarks),
    oneZspage,
    { holder: hold, writer: freeAndReuse },
  ],
  ['moves objects that are written to', bound(PinnedWriters), twoHalves, { writer: writeOld, mover: compactAndReuse }],
];

describe.each([rcu, rcuTurnBySteps])('$id, whole calls of two agents, in every schedule', (strategy) => {
  it.each(readCases)('leaves readers their bytes: %s', (_, setup, roles) => {
    assertProved(run(strategy, setup, roles));
  });
});

describe('rcuSynchronize, whole calls of two agents, in every schedule', () => {
  it.each(readCases)('leaves readers their bytes: %s', (_, setup, roles) => {
    assertProved(run(rcuSynchronize, setup, roles));
  });
});

describe('rcu, whole calls in every schedule', () => {
  it.each(otherCases)('keeps objects and structures whole: %s', (_, setup, roles) => {
    assertProved(run(rcu, setup, roles));
  });

  it.each(writeCases)('loses no write: %s', (_, setup, roles) => {
    assertProved(runWrite(rcu, setup, roles));
  });

  it('leaves two readers their bytes beside a free whose slot is used again', () => {
    const result = run(rcu, oneZspage, { anna: read, ben: read, writer: freeAndReuse });
    assertProved(result);
  });

  it('leaves two readers their bytes beside a compaction whose page is used again', () => {
    assertProved(run(rcu, twoHalves, { anna: read, ben: read, mover: compactAndReuse }));
  });

  // Two that lock the same classes: too many schedules for all of them.
  it.each([{ preemptions: 1 }, { mode: 'random', maxExecutions: 1500 }] as const)(
    'keeps objects and structures whole: a free, and a compaction (%o)',
    (options) => {
      const roles = { first: freeAndReuse, mover: compactAndReuse };
      const result = explorePool({ strategy: rcu, setup: twoHalves, roles }, SLOT_BYTES, options);
      assertPassed(result);
    },
  );
});

describe('the model', () => {
  it.each(mutants)('rejects a strategy that %s', (_, bind, setup, roles) => {
    const strategy = { ...rcu, bind };
    const verdicts = [run(strategy, setup, roles).verdict];
    if (roles['writer'] === writeOld) verdicts.push(runWrite(strategy, setup, roles).verdict);
    expect(verdicts).toContain('failed');
  });
});
