// All interleavings of small cases, of the code that ships. A letter is an agent:
//   R W readers and writers    B writes twice    t T the same, trying    c C giving the wait up    a A awaiting    x X aborting an await
//   D writes and downgrades    U reads and tries to upgrade    H wakes all after a death
// What is checked in each execution: see exploreRoles. Deadlocks, lost wakeups (a timeout that has to fire counts as one)
// and data races on what the lock protects fail it too.

import { describe, expect, it } from 'vitest';
import { exploreRoles } from './model.ts';
import { MUTANTS } from './mutants.ts';

const LETTERS = 'RWBtTcCaAxXDU';

/** Three agents, with at most this many preemptions: up to some million schedules without that limit. */
const TRIPLES: readonly (readonly [roles: string, preemptions: number])[] = [
  ['RWW', 4],
  ['WWW', 4],
  ['RRW', 4],
  ['BWW', 3],
  ['BRW', 3],
  ['BCW', 3],
  ['RDW', 3],
  ['UUW', 3],
  ['RCR', 3],
  ['RCW', 3],
  ['WCW', 3],
  ['RAR', 3],
  ['RAW', 3],
  ['AAW', 3],
  ['aAR', 3],
  ['aWW', 3],
  ['RXR', 3],
  ['WXW', 3],
  ['AXR', 3],
  ['HRW', 2],
  ['HWW', 2],
  ['HAW', 2],
  ['HcW', 2],
];

describe('two agents, all schedules', () => {
  const letters = Array.from(LETTERS);
  const pairs = letters.flatMap((first, i) => letters.slice(i).map((second) => first + second));
  it.each(pairs)('%s', (roles) => {
    const result = exploreRoles(roles);
    expect(result.verdict, result.report).toBe('proved');
  });

  it.each(['RH', 'WH', 'HH'])('%s, an heir beside a live agent', (roles) => {
    const result = exploreRoles(roles);
    expect(result.verdict, result.report).toBe('proved');
  });

  it.each(['WA', 'RA', 'RW', 'aW', 'CA'])('%s, where the first failed try reserves the lock', (roles) => {
    const result = exploreRoles(roles, {}, { handoffAfter: 1 });
    expect(result.verdict, result.report).toBe('proved');
  });
});

describe('three agents', () => {
  it.each(['RRR', 'WWW'])('%s, all schedules', (roles) => {
    const result = exploreRoles(roles);
    expect(result.verdict, result.report).toBe('proved');
  });

  // RRW takes a quarter of a minute (322,291 executions), RWW a quarter of an hour (9,608,664).
  it.runIf(process.env['RWSEM_EXHAUSTIVE'] === '1').each(['RRW', 'RWW'])(
    '%s, all schedules, on request',
    (roles) => {
      const result = exploreRoles(roles);
      expect(result.verdict, result.report).toBe('proved');
    },
    3_600_000,
  );

  it.each(TRIPLES)('%s, up to %i preemptions', (roles, preemptions) => {
    const result = exploreRoles(roles, { preemptions });
    expect(result.verdict, result.report).toBe('bounded');
  });

  it.each(['RWW', 'WWW', 'RAW', 'AAW', 'WCW', 'RWC'])('%s with reservations, up to 3 preemptions', (roles) => {
    const result = exploreRoles(roles, { preemptions: 3 }, { handoffAfter: 1 });
    expect(result.verdict, result.report).toBe('bounded');
  });

  it.each(['RWW', 'RRW', 'BBW', 'RAW', 'WXW', 'DUW'])('%s, random schedules', (roles) => {
    const result = exploreRoles(roles, { mode: 'pct', maxExecutions: 5000, seed: 1 });
    expect(result.verdict, result.report).toBe('sampled');
  });
});

describe('four agents', () => {
  it.each(['RRWW', 'RWAC', 'BBBB'])('%s, random schedules', (roles) => {
    const result = exploreRoles(roles, { mode: 'pct', maxExecutions: 5000, seed: 1 }, { handoffAfter: 2 });
    expect(result.verdict, result.report).toBe('sampled');
  });
});

describe('a broken lock is caught', () => {
  it.each(MUTANTS)('that %s (%s)', (_name, roles, subject) => {
    const result = exploreRoles(roles, { preemptions: 3, timeLimitMs: 20_000 }, subject);
    expect(result.verdict, result.report).toBe('failed');
  });
});
