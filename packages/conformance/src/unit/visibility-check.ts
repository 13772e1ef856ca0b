// What the kit cannot see it cannot check: a strategy has to look `Atomics` up when it is called.

import type { Check } from '../check.ts';
import { Violation } from '../host/small-host.ts';
import { unitCheck } from './unit-check.ts';
import type { UnitCase } from './unit-check.ts';

const visible: UnitCase = {
  what: 'atomic operations',
  run: (pool) => {
    const agent = pool.agent(1);
    let operations = 0;
    const step = (call: () => void): void => void (operations += pool.probe(call).operations);
    step(() => agent.bound.lock(0));
    step(() => agent.bound.unlock(0));
    step(() => agent.bound.tryLock(1) && agent.bound.unlock(1));
    if (operations > 0) return;
    throw new Violation(
      'lock and unlock show none: call Atomics.add(...) and the like through the global, not through functions that were taken from it, nor through WebAssembly',
    );
  },
};

/** See the head of the file. */
export const visibilityChecks: readonly Check[] = [
  unitCheck({ id: 'atomics-visible', title: 'atomic operations are seen', rows: [1, 4], cases: [visible] }),
];
