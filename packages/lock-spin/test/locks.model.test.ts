import { assertProved } from '@zsmalloc/explorer';
import { describe, expect, it } from 'vitest';
import { spinMutex } from '../src/mutex.ts';
import { spinRwLock } from '../src/rwlock.ts';
import { ONE_STARVING, PATIENT, REFUSING, STARVING, exploreLock } from './model-programs.ts';
import {
  lock,
  read,
  strayReadUnlock,
  strayUnlock,
  strayWriteUnlock,
  tryLock,
  tryRead,
  tryWrite,
  write,
} from './model-roles.ts';
import { countMutants, mutate, mutexMutants, waitingWriterMutants } from './mutants.ts';

const READER = 1 << 12;

const mutexWaitings = [
  { name: 'patient', waiting: PATIENT },
  { name: 'one starving', waiting: ONE_STARVING },
  { name: 'refusing', waiting: REFUSING },
];
const rwLockWaitings = [
  { name: 'patient', waiting: PATIENT },
  { name: 'starving', waiting: STARVING },
  { name: 'refusing', waiting: REFUSING },
];

describe.each(mutexWaitings)('spinMutex among $name agents, in every schedule', ({ waiting }) => {
  it.each([
    ['two', [lock, lock]],
    ['two, one of which tries', [lock, tryLock]],
    ['three', [lock, lock, lock]],
    ['three, two of which try', [lock, tryLock, tryLock]],
    ['two and one that unlocks without a lock', [lock, lock, strayUnlock]],
  ])('excludes, and lets everybody go: %s', (_, roles) => {
    assertProved(exploreLock(spinMutex, roles, waiting).result);
  });
});

describe.each(rwLockWaitings)('spinRwLock among $name agents, in every schedule', ({ waiting }) => {
  it.each([
    ['two writers', [write, write]],
    ['two trying writers', [tryWrite, tryWrite]],
    ['a reader and a writer', [read, write]],
    ['a reader and a trying writer', [read, tryWrite]],
    ['a trying reader and a writer', [tryRead, write]],
    ['a reader and two writers', [read, write, write]],
    ['two readers and a writer', [read, read, write]],
    ['a reader, a trying reader and a writer', [read, tryRead, write]],
    ['a reader, a writer and a trying writer', [read, write, tryWrite]],
    ['two writers and one that ends a read without one', [write, tryWrite, strayReadUnlock]],
    ['a reader, a writer and one that ends a write without one', [read, write, strayWriteUnlock]],
  ])('excludes, and lets everybody go: %s', (_, roles) => {
    assertProved(exploreLock(spinRwLock, roles, waiting).result);
  });

  it('lets readers be inside together', () => {
    const { result, readersMost } = exploreLock(spinRwLock, [read, read], waiting);
    assertProved(result);
    expect(readersMost).toBe(2);
  });
});

describe('the model', () => {
  it('accepts a lock with nothing changed', () => {
    assertProved(
      exploreLock(
        mutate(spinMutex, () => ({})),
        [lock, lock],
        PATIENT,
      ).result,
    );
    assertProved(
      exploreLock(
        mutate(spinRwLock, () => ({})),
        [read, tryWrite, read],
        PATIENT,
      ).result,
    );
  });

  it.each(Object.entries(mutexMutants))('rejects a mutex that %s', (_, change) => {
    const { result } = exploreLock(mutate(spinMutex, change), [lock, lock], PATIENT);
    expect(result.verdict).toBe('failed');
  });

  it.each(Object.entries(countMutants(READER)))('rejects a rwlock whose %s', (_, change) => {
    const { result } = exploreLock(mutate(spinRwLock, change), [read, tryWrite, read], PATIENT);
    expect(result.verdict).toBe('failed');
  });

  it.each(Object.entries(waitingWriterMutants))('rejects a rwlock where %s', (_, change) => {
    const { result } = exploreLock(mutate(spinRwLock, change), [read, write], PATIENT);
    expect(result.verdict).toBe('failed');
  });
});
