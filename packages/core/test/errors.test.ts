import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { PoolDescriptor } from '../src/api.ts';
import { attachPool, createPool } from '../src/create.ts';
import type { ErrorCode } from '../src/errors.ts';
import { HEADER, TORN } from '../src/layout/records.ts';
import { backOff } from '../src/words/backoff.ts';
import { createAgent } from '../src/words/agent.ts';
import { soloStrategy } from './solo-strategy.ts';
import { codesSeen, filled, makePool, refusal } from './use-pool.ts';

/** Codes that only lock packages throw. */
type LockCode = 'ERR_ZS_LOCK_MISUSE' | 'ERR_ZS_LOCK_TIMEOUT';
const LOCK_CODES: readonly LockCode[] = ['ERR_ZS_LOCK_MISUSE', 'ERR_ZS_LOCK_TIMEOUT'];

const small = () => makePool({ dataPages: 17, agents: 1 });
const attach = (over: object) => {
  const { pool, strategy } = small();
  attachPool({ ...pool.descriptor(), ...over } as PoolDescriptor, { strategies: [strategy] });
};

/** What makes core throw each of its codes. */
const producers: Record<Exclude<ErrorCode, LockCode>, () => unknown> = {
  ERR_ZS_OPTION: () => createPool({ bytes: 1, strategy: soloStrategy() }),
  ERR_ZS_BAD_SIZE: () => small().pool.malloc(0),
  ERR_ZS_BAD_HANDLE: () => small().pool.free(77),
  ERR_ZS_BAD_TOKEN: () => small().pool.readEnd(0),
  ERR_ZS_BAD_PAGE: () => small().pool.migratePage(0),
  ERR_ZS_OUT_OF_RANGE: () => {
    const { pool } = small();
    pool.write(pool.malloc(10), new Uint8Array(11));
  },
  ERR_ZS_NO_MEMORY: () => {
    const { pool } = small();
    for (;;) pool.malloc(4096);
  },
  ERR_ZS_WOULD_BLOCK: () => {
    const agent = createAgent(new Int32Array(new SharedArrayBuffer(4)), 1, { yieldAfter: 1, refuseAfter: 10 });
    agent.mayBlock = false;
    for (let round = 0; ; round++) backOff(agent, round, 'lock of this test');
  },
  ERR_ZS_HOLD_UNSUPPORTED: () => {
    const { pool } = makePool({ holdAcrossAwait: false });
    pool.hold(pool.malloc(10));
  },
  ERR_ZS_ATTACH_DESCRIPTOR: () => attach({ kind: 'something else' }),
  ERR_ZS_ATTACH_FORMAT: () => attach({ format: 0 }),
  ERR_ZS_ATTACH_LAYOUT: () => attach({ layout: 1 }),
  ERR_ZS_ATTACH_STRATEGY: () => attach({ strategy: { id: 'another', version: 1 } }),
  ERR_ZS_AGENTS_FULL: () => attach({}),
  ERR_ZS_DETACHED: () => {
    const { pool } = small();
    pool.detach();
    pool.malloc(10);
  },
  ERR_ZS_IN_USE: () => {
    const { pool } = small();
    pool.readBegin(filled(pool, 10, 1));
    pool.detach();
  },
  ERR_ZS_TORN: () => {
    const { pool, words } = small();
    const handle = filled(pool, 10, 1);
    words[words.lastIndexOf(((handle ^ words[HEADER.at.key]!) << 1) | 1) + 1]! |= TORN;
    pool.read(handle, () => {});
  },
  ERR_ZS_POISONED: () => {
    // The strategy of these tests has no recovery.
    const { pool, strategy } = makePool({ agents: 2 });
    const other = attachPool(pool.descriptor(), { strategies: [strategy] });
    other.readBegin(pool.malloc(10));
    pool.recover(other.agentIndex);
  },
  ERR_ZS_CORRUPT: () => {
    const { pool, words } = small();
    words[HEADER.at.zspageCount] = 7;
    pool.verify();
  },
};

it.each(Object.entries(producers))('core throws %s, and the message says what to do', (code, produce) => {
  const { message } = refusal(produce, code as ErrorCode);
  // What could not be done, and what to do about it: two sentences at least, then the code.
  expect(message).toMatch(
    /^(cannot|the pool is corrupt)[^.]*\S+.*\. .*\. \[ERR_ZS_[A-Z_]+\]$|^(cannot|the pool is corrupt).*\. [A-Z].*\[ERR_ZS_[A-Z_]+\]$/,
  );
});

it('has a producer for each code of errors.ts but those of locks, and each was thrown', () => {
  const source = readFileSync(new URL('../src/errors.ts', import.meta.url), 'utf8');
  const codes = [...source.matchAll(/^\s*\| '(ERR_ZS_[A-Z_]+)'/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(15);
  expect([...Object.keys(producers), ...LOCK_CODES].toSorted()).toEqual(codes.toSorted());
  expect([...codesSeen].toSorted()).toEqual(Object.keys(producers).toSorted());
});
