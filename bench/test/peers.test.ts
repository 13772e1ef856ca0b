// The stores of put-get: each is a map, and the workload finds one that is not.

import { describe, expect, it } from 'vitest';
// The built files: workers are started from them.
import { findPeers } from '../dist/peers/available.js';
import { putGetScenario } from '../dist/peers/scenario.js';
import { THING_ATOMICS, createStore } from '../dist/peers/subjects.js';
import { findNativePeers } from '../dist/patterns/native.js';
import { patternScenario } from '../dist/patterns/scenario.js';
import { PATTERNS } from '../src/patterns/all.ts';
import { CheckError } from '../src/checks.ts';
import { PutGetSteps } from '../src/peers/put-get-steps.ts';
import type { Store } from '../src/peers/store.ts';
import { KEYS } from '../src/peers/store.ts';
import { ValueMaker } from '../src/peers/value.ts';
import { HARNESS_ID } from '../src/strategies.ts';
import { Random } from '../src/random.ts';

const SEED = Number(process.env['PEERS_SEED'] ?? Date.now() % 1_000_000);
console.log(`peers: seed ${SEED} (PEERS_SEED repeats it)`);
const present = findPeers()
  .filter(({ why }) => why === null)
  .map(({ id }) => id);
const native = findNativePeers().filter(({ why }) => why === null);
const SIZE = 100;

it('finds every peer here, or says what is missing', () => {
  for (const { id, why } of findPeers()) expect(why === null || why.length > 10, id).toBe(true);
  expect(present).toContain('map-worker');
  expect(present).toContain('thing-spin');
});

// An Atomics.Mutex needs a flag of its process: the run on workers below has it.
describe.each(['preemptibleDirect', ...present.filter((id) => id !== THING_ATOMICS)])('%s', (subject) => {
  it('does what a Map does', async () => {
    const maker = await createStore(subject, SIZE);
    const { store } = maker.own;
    const random = new Random(SEED);
    const model = new Map<number, Uint8Array>();
    const target = new Uint8Array(SIZE);
    for (let step = 0; step < 2000; step++) {
      const key = random.below(50);
      const dice = random.below(3);
      if (dice === 0) {
        const value = Uint8Array.from({ length: 1 + random.below(SIZE) }, () => random.below(256));
        await store.put(key, value);
        model.set(key, value);
      } else if (dice === 1) {
        const length = await store.get(key, target);
        expect(length < 0 ? undefined : target.slice(0, length)).toEqual(model.get(key));
      } else {
        expect(await store.remove(key)).toBe(model.delete(key));
      }
    }
    await store.close();
    await maker.close();
  });
});

describe('the values of put-get', () => {
  const values = new ValueMaker(SIZE);

  it('are told apart by key, version, length and every byte', () => {
    const value = values.make(7, 99).slice();
    expect(() => values.verify(7, value)).not.toThrow();
    expect(() => values.verify(8, value)).toThrow(CheckError);
    expect(() => values.verify(7, value.subarray(0, SIZE - 1))).toThrow(CheckError);
    for (let at = 0; at < SIZE; at++) {
      const changed = value.slice();
      changed[at]! ^= 0x80;
      expect(() => values.verify(7, changed), `byte ${at}`).toThrow(CheckError);
    }
    const mixed = value.slice();
    mixed.set(values.make(7, 100).subarray(SIZE / 2), SIZE / 2);
    expect(() => values.verify(7, mixed)).toThrow(CheckError);
  });

  it('show a store that answers with the value of another key', () => {
    const model = new Map<number, Uint8Array>();
    const broken: Store = {
      put: (key, value) => void model.set(key >> 1, value.slice()),
      get(key, target) {
        const value = model.get(key >> 1);
        if (value !== undefined) target.set(value);
        return value?.length ?? -1;
      },
      remove: (key) => model.delete(key >> 1),
      usedBytes: () => null,
      close: () => {},
    };
    const steps = new PutGetSteps(broken, SIZE, new Random(SEED), 1);
    expect(() => {
      for (let step = 0; step < KEYS * 10; step++) steps.step();
    }).toThrow(CheckError);
  });
});

describe('on two workers', () => {
  const plan = { workers: [2], sizes: [1000], seconds: 0.03 };

  it.each(['bigLock', 'rcu', ...present])('put-get verifies what %s returns', async (subject) => {
    const [cell] = await putGetScenario.measure({ scenario: 'put-get', subject, seed: SEED, plan, seconds: 1 });
    expect(cell!.parameters).toEqual({ size: 1000, workers: 2 });
    expect(cell!.verified.objects).toBeGreaterThan(0);
    expect(cell!.metrics['opsPerSecond']).toBeGreaterThan(0);
  });

  it.skipIf(native.length === 0).each(PATTERNS.map(({ id }) => id))('%s runs on native mallocs', async (id) => {
    for (const { id: subject } of native) {
      const job = { scenario: id, subject, seed: SEED, plan: { workers: [1, 2], seconds: 0.02 }, seconds: 1 };
      const cells = await patternScenario(id).measure(job);
      expect(cells.map(({ parameters }) => parameters['workers'])).toEqual([1, 2]);
      for (const { metrics, verified } of cells) {
        expect(metrics['opsPerSecond']).toBeGreaterThan(0);
        expect(verified.objects).toBeGreaterThan(0);
      }
    }
  });

  it.each(['larson', 'xmalloc-test', 'mstress', 'cache-scratch'])('%s runs on a pool and on the peer', async (id) => {
    for (const subject of ['preemptibleDirect', 'thing-spin', HARNESS_ID]) {
      const job = { scenario: id, subject, seed: SEED, plan: { workers: [2], seconds: 0.03 }, seconds: 1 };
      const [cell] = await patternScenario(id).measure(job);
      expect(cell!.metrics['opsPerSecond']).toBeGreaterThan(0);
      expect(cell!.metrics['refused']).toBe(0);
      expect(cell!.verified.objects > 0).toBe(subject !== HARNESS_ID);
    }
  });
});
