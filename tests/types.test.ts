import { attachPool, createPool } from '@zsmalloc/core';
import type { Hold, HoldingPool, Pool, PoolOf } from '@zsmalloc/core';
import type { Capabilities, Strategy } from '@zsmalloc/core/strategy';
import { bigReader, preemptible, preemptibleAtomic, preemptibleDirect } from '@zsmalloc/lock-custom';
import { rcu, rcuSynchronize, rcuTurn } from '@zsmalloc/lock-rcu';
import { rwsem } from '@zsmalloc/lock-rwsem';
import { bigLock, spin } from '@zsmalloc/lock-spin';
import { expectTypeOf, it } from 'vitest';

type PoolFor<S> = S extends Strategy<infer C> ? PoolOf<C> : never;

it('gives a pool `hold` where the strategy lets readers sleep', () => {
  expectTypeOf<PoolFor<typeof preemptible>>().toEqualTypeOf<HoldingPool>();
  expectTypeOf<PoolFor<typeof preemptibleAtomic>>().toEqualTypeOf<HoldingPool>();
  expectTypeOf<PoolFor<typeof preemptibleDirect>>().toEqualTypeOf<HoldingPool>();
  expectTypeOf<PoolFor<typeof bigReader>>().toEqualTypeOf<HoldingPool>();
  expectTypeOf<PoolFor<typeof rwsem>>().toEqualTypeOf<HoldingPool>();
  expectTypeOf<PoolFor<typeof rcu>>().toEqualTypeOf<HoldingPool>();
  expectTypeOf<PoolFor<typeof rcuTurn>>().toEqualTypeOf<HoldingPool>();
  expectTypeOf<PoolFor<typeof rcuSynchronize>>().toEqualTypeOf<HoldingPool>();
  expectTypeOf<HoldingPool['hold']>().returns.toEqualTypeOf<Hold>();
});

it('gives a pool no `hold` where it does not, or where nobody knows', () => {
  expectTypeOf<PoolFor<typeof spin>>().toEqualTypeOf<Pool>();
  expectTypeOf<PoolFor<typeof bigLock>>().toEqualTypeOf<Pool>();
  expectTypeOf<PoolOf<Capabilities>>().toEqualTypeOf<Pool>();
  expectTypeOf<Pool>().not.toHaveProperty('hold');
  expectTypeOf<Pool>().not.toHaveProperty('holdAsync');
});

it('carries the type of the strategy through createPool and attachPool', () => {
  const bytes = 1 << 20;
  const withHold = createPool({ bytes, strategy: preemptible });
  const withoutHold = createPool({ bytes, strategy: spin });
  expectTypeOf(withHold).toEqualTypeOf<HoldingPool>();
  expectTypeOf(withoutHold).toEqualTypeOf<Pool>();
  expectTypeOf(attachPool(withHold.descriptor(), { strategies: [preemptible] })).toEqualTypeOf<HoldingPool>();
  expectTypeOf(attachPool(withoutHold.descriptor(), { strategies: [spin] })).toEqualTypeOf<Pool>();
});
