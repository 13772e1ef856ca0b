import { assertPassed, assertProved } from '@zsmalloc/explorer';
import { describe, expect, it } from 'vitest';
import { ONE_STARVING, PATIENT, REFUSING, exploreLock } from '../../lock-spin/test/model-programs.ts';
import { read, strayReadUnlock, strayWriteUnlock, tryRead, tryWrite } from '../../lock-spin/test/model-roles.ts';
import { countMutants, mutate } from '../../lock-spin/test/mutants.ts';
import { preemptibleAtomicLock } from '../src/preemptible-atomic-lock.ts';
import { preemptibleLock } from '../src/preemptible-lock.ts';
import { mutexMutants } from './mutants.ts';

const READER = 1 << 10;

const kinds = [
  { name: 'preemptibleLock', kind: preemptibleLock },
  { name: 'preemptibleAtomicLock', kind: preemptibleAtomicLock },
];
const waitings = [
  { name: 'patient', waiting: PATIENT },
  { name: 'one starving', waiting: ONE_STARVING },
  { name: 'refusing', waiting: REFUSING },
];
const cases = kinds.flatMap((kind) => waitings.map((waiting) => ({ lock: kind.name, ...kind, ...waiting })));

describe.each(cases)('$lock among $name agents, in every schedule', ({ kind, waiting }) => {
  it.each([
    ['two writers', [tryWrite, tryWrite]],
    ['a reader and a writer', [read, tryWrite]],
    ['a trying reader and a writer', [tryRead, tryWrite]],
    ['a reader and two writers', [read, tryWrite, tryWrite]],
    ['two writers and one that ends a read without one', [tryWrite, tryWrite, strayReadUnlock]],
  ])('excludes, and lets everybody go: %s', (_, roles) => {
    assertProved(exploreLock(kind, roles, waiting).result);
  });

  it('excludes, and lets everybody go: two readers and a writer', () => {
    // Two readers go through the mutex four times. With one of them starving at each that is too much for every
    // schedule; the mutex on its own has been through them all.
    if (kind === preemptibleLock && waiting === ONE_STARVING) {
      assertPassed(exploreLock(kind, [read, read, tryWrite], waiting, { preemptions: 2 }).result);
    } else {
      assertProved(exploreLock(kind, [read, read, tryWrite], waiting).result);
    }
  });

  it('lets readers be inside together', () => {
    const { result, readersMost } = exploreLock(kind, [read, read], waiting);
    assertProved(result);
    expect(readersMost).toBe(2);
  });
});

describe('preemptibleAtomicLock', () => {
  it('is not hurt by one that ends a write without one', () => {
    assertProved(exploreLock(preemptibleAtomicLock, [read, tryWrite, strayWriteUnlock], PATIENT).result);
  });
});

describe('the model', () => {
  it.each(Object.entries(countMutants(READER)))('rejects an atomic counter whose %s', (_, change) => {
    const { result } = exploreLock(mutate(preemptibleAtomicLock, change), [read, tryWrite, read], PATIENT);
    expect(result.verdict).toBe('failed');
  });

  it.each(Object.entries(mutexMutants))('rejects a mutex with a counter where %s', (_, change) => {
    const { result } = exploreLock(mutate(preemptibleLock, change), [read, tryWrite, read], PATIENT);
    expect(result.verdict).toBe('failed');
  });
});
