import { assertPassed, assertProved } from '@zsmalloc/explorer';
import { MAGAZINE } from '@zsmalloc/core/model';
import type { AgentPool } from '@zsmalloc/core/model';
import { describe, expect, it } from 'vitest';
import { cachePrograms, cachesOf } from '../packages/conformance/src/pool/cache-programs.ts';
import { explorePool } from '../packages/conformance/src/pool/pool-model.ts';
import { strategyNamed } from './strategies.ts';

/** 12,000 schedules without a bound, all of which passed; PREEMPTIONS=Infinity runs them. */
const LARGE = 'a free into a cache and a malloc from it beside a compaction of the class';
const PREEMPTIONS = Number(process.env['PREEMPTIONS'] ?? 2);

const whats = Object.keys(cachePrograms);

describe('caches over spin', () => {
  const { strategy } = strategyNamed('spin');
  it.each(whats.filter((what) => what !== LARGE))('keep the pool whole in every schedule: %s', (what) => {
    assertProved(explorePool(cachePrograms[what](strategy)));
  });

  it(`keep the pool whole in every schedule with at most ${PREEMPTIONS} preemptions: ${LARGE}`, () => {
    assertPassed(explorePool({ ...cachePrograms[LARGE](strategy), options: { preemptions: PREEMPTIONS } }));
  });
});

describe.each(['preemptibleDirect', 'rcu'])('caches over %s', (name) => {
  const { strategy } = strategyNamed(name);
  it.each(whats)('keep the pool whole in every schedule with at most 1 preemption: %s', (what) => {
    assertPassed(explorePool({ ...cachePrograms[what](strategy), options: { preemptions: 1 } }));
  });
});

describe('the model', () => {
  const mutants: [string, string, (pool: AgentPool) => void][] = [
    [
      'take what another agent leases',
      'a free into a cache and a malloc from it beside a compaction of the class',
      (pool) => void (cachesOf(pool).magazines.isLeased = () => false),
    ],
    [
      'collect what another agent leases',
      'a collection of what is cached beside a free into a cache and a malloc from it',
      (pool) => void (cachesOf(pool).magazines.isLeased = () => false),
    ],
    [
      'let objects move that another agent may free',
      'a free into a cache beside a compaction of the class',
      moveAnyway,
    ],
    [
      'let a page move that another agent may free into',
      'a free into a cache beside the migration of its page',
      moveAnyway,
    ],
    [
      'lease a magazine without the lock of its class',
      'a free into a cache beside a compaction of the class',
      leaseWithoutLock,
    ],
    ['keep what they give to the depot', 'frees that fill the depot beside mallocs of the class', keepWhatIsGiven],
  ];

  it.each(mutants)('rejects caches that %s', (_, what, plant) => {
    const { strategy } = strategyNamed('spin');
    const result = explorePool({ ...cachePrograms[what](strategy), break: plant, options: { maxExecutions: 20_000 } });
    expect(result.verdict).toBe('failed');
  });
});

function keepWhatIsGiven(pool: AgentPool): void {
  const { magazines, state } = cachesOf(pool);
  const handOver = magazines.handOver.bind(magazines);
  magazines.handOver = (ordinal, from, to) => {
    const before = state.words.slice(from, from + MAGAZINE.words);
    const done = handOver(ordinal, from, to);
    for (const field of [MAGAZINE.at.head, MAGAZINE.at.count]) state.words[from + field] = before[field]!;
    return done;
  };
}

function moveAnyway(pool: AgentPool): void {
  const caches = cachesOf(pool);
  const clear = caches.clear.bind(caches);
  caches.clear = (ordinal) => clear(ordinal) || true;
}

function leaseWithoutLock(pool: AgentPool): void {
  const caches = cachesOf(pool);
  const { strategy } = caches.state;
  const free = caches.free.bind(caches);
  caches.free = (handle) => {
    const { lock, unlock } = strategy;
    strategy.lock = () => {};
    strategy.unlock = () => {};
    free(handle);
    Object.assign(strategy, { lock, unlock });
  };
}
