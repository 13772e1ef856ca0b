import { describe, expect, it } from 'vitest';
import type { PoolOptions } from '../src/api.ts';
import { createPool } from '../src/create.ts';
import { hasCode } from '../src/errors.ts';
import { poolShape } from '../src/options.ts';
import type { Strategy } from '../src/strategy/contract.ts';
import { soloStrategy } from './solo-strategy.ts';
import { bytesFor, expectFilled, filled, makePool, refusal, usePool } from './use-pool.ts';

const good = (): PoolOptions => ({ bytes: 2 ** 20, strategy: soloStrategy() });
const withWords = (words: Partial<Strategy['words']>): Strategy => ({
  ...soloStrategy(),
  words: { pool: 0, lock: 1, zspage: 1, agent: 0, ...words },
});

type Bad = [string, object];

const bad: Bad[] = [
  ...[undefined, null, '1048576', Number.NaN, 0, -1, 4095, Infinity, 4 * 2 ** 30 + 1].map((bytes): Bad => [
    'bytes',
    { bytes },
  ]),
  ...[null, '4096', 0, 1, 2048, 4097, 5000, 12_288, 131_072, 4096.5, Number.NaN, Infinity, -4096].map(
    (pageBytes): Bad => ['pageBytes', { pageBytes }],
  ),
  ...[null, '8', 0, 3, 17, 4.5, Number.NaN, -8].map((chainPages): Bad => ['chainPages', { chainPages }]),
  ...[null, '32', 0, 8, 24, 40, 272, 32.5, Number.NaN, -16].map((classStepBytes): Bad => [
    'classStepBytes',
    { classStepBytes },
  ]),
  ['classStepBytes', { classStepBytes: 16, pageBytes: 8192 }],
  ...[null, '64', 0, 256, 1.5, Number.NaN, -1].map((agents): Bad => ['agents', { agents }]),
  ...[null, 0, -0.1, 1.01, Number.NaN, 'often'].map((compactAbove): Bad => ['compactAbove', { compactAbove }]),
  ...[undefined, null, 'spin', 7, {}, { id: 'x' }, { bind: () => ({}) }].map((strategy): Bad => [
    'strategy',
    { strategy },
  ]),
  ...[-1, 65_537, 1.5, Number.NaN].map((pool): Bad => [
    'words.pool of strategy "solo"',
    { strategy: withWords({ pool }) },
  ]),
  ...[-1, 17, 0.5].map((lock): Bad => ['words.lock of strategy "solo"', { strategy: withWords({ lock }) }]),
  ...[-1, 7, 0.5].map((zspage): Bad => ['words.zspage of strategy "solo"', { strategy: withWords({ zspage }) }]),
  ...[-1, 29, 0.5].map((agent): Bad => ['words.agent of strategy "solo"', { strategy: withWords({ agent }) }]),
];

describe('createPool', () => {
  it.each(bad.map(([option, over]): [string, unknown, object] => [option, Object.values(over)[0], over]))(
    'rejects %s = %s and names the option',
    (option, _, over) => {
      const error = refusal(() => createPool({ ...good(), ...over } as PoolOptions), 'ERR_ZS_OPTION');
      expect(error.message).toContain(`cannot create a pool: ${option} is`);
      expect(error.facts).toEqual({ option });
    },
  );

  it('says how large the smallest pool is, and that one works', () => {
    const strategy = soloStrategy();
    const error = refusal(() => createPool({ bytes: 4096, strategy, agents: 1 }), 'ERR_ZS_OPTION');
    expect(error.message).toContain(`Ask for at least ${error.facts.bytesMin} bytes`);
    const { pool, plan } = usePool({ bytes: error.facts.bytesMin as number, agents: 1 });
    expect(plan.pages * 4096).toBe(error.facts.bytesMin);
    const sizes = [24, 3600, 4096];
    const handles = sizes.map((size, i) => filled(pool, size, i));
    for (const [i, handle] of handles.entries()) expectFilled(pool, handle, sizes[i]!, i);
  });

  it.each([4, 8, 16])(
    'gives the smallest pool room for a full zspage of any class and its cells, with chains of %i',
    (chainPages) => {
      const { shape } = makePool({ chainPages }).plan;
      for (const { sizeBytes, objectsPerZspage, huge } of shape.classes) {
        const { pool } = makePool({ dataPages: 17, chainPages, agents: 1 });
        for (let i = 0; i < objectsPerZspage; i++) pool.malloc(huge ? sizeBytes : sizeBytes - 8);
        expect(pool.stats().zspages, `class of ${sizeBytes} bytes`).toBe(1);
      }
    },
  );

  it('rounds bytes down to whole pages', () => {
    const pool = createPool({ ...good(), bytes: 2 ** 20 + 4095.5 });
    expect(pool.bytes.length).toBe(2 ** 20);
    pool.verify();
  });

  it('takes the defaults of 4096-byte pages, chains of 8 and 64 agents', () => {
    expect(poolShape(good())).toMatchObject({
      pageBytes: 4096,
      chainPages: 8,
      classStepBytes: 16,
      agentsMax: 64,
      pages: 256,
    });
  });

  it('takes every limit itself', () => {
    for (const over of [
      { chainPages: 4 },
      { chainPages: 16 },
      { agents: 1 },
      { agents: 255 },
      { pageBytes: 65_536, bytes: 4 * 2 ** 20 },
      { compactAbove: 1 },
      { compactAbove: 1e-6 },
    ]) {
      const pool = createPool({ ...good(), ...over });
      pool.malloc(1);
      pool.verify();
    }
    const strategy = withWords({ pool: 65_536, lock: 16, zspage: 6, agent: 28 });
    expect(poolShape({ bytes: 2 ** 22, strategy }).strategyWords).toEqual(strategy.words);
  });

  it('accepts 4 GiB, committed on use, and refuses a page more', () => {
    expect(poolShape({ ...good(), bytes: 4 * 2 ** 30 }).pages).toBe(2 ** 20);
    const { pool } = usePool({ bytes: 4 * 2 ** 30, agents: 1 });
    const handles = [1, 3600, 4096].map((size, i) => filled(pool, size, i));
    expect(pool.stats()).toMatchObject({ objects: 3, bufferBytes: 2 ** 32 });
    for (const [i, handle] of handles.entries()) expectFilled(pool, handle, [1, 3600, 4096][i]!, i);
    refusal(() => createPool({ ...good(), bytes: 4 * 2 ** 30 + 4096 }), 'ERR_ZS_OPTION');
  });

  it('explains itself when the runtime has no such buffer', () => {
    const error = refusal(() => createPool({ ...good(), pageBytes: 65_536, bytes: 16 * 2 ** 30 }), 'ERR_ZS_OPTION');
    expect(error.message).toContain('this runtime refuses');
  });

  it('makes pools whose size is exactly asked for', () => {
    for (const pages of [17, 18, 33]) expect(bytesFor(pages, { agents: 1 }) % 4096).toBe(0);
  });
});

describe('an error', () => {
  it('keeps its code as the last token when it is sent to another agent', () => {
    const error = refusal(() => createPool({ ...good(), bytes: 1 }), 'ERR_ZS_OPTION');
    const sent = structuredClone(error) as Error;
    expect(sent.message.endsWith('[ERR_ZS_OPTION]')).toBe(true);
    expect(structuredClone(error.facts)).toEqual(error.facts);
  });

  it('is told by its code, whichever copy of the package made it', () => {
    const error = refusal(() => createPool({ ...good(), bytes: 1 }), 'ERR_ZS_OPTION');
    expect(hasCode(error, 'ERR_ZS_OPTION')).toBe(true);
    expect(hasCode(error, 'ERR_ZS_BAD_SIZE')).toBe(false);
    expect(hasCode(Object.assign(new Error('other copy'), { code: 'ERR_ZS_OPTION' }), 'ERR_ZS_OPTION')).toBe(true);
    expect(hasCode({ code: 'ERR_ZS_OPTION' }, 'ERR_ZS_OPTION')).toBe(false);
    expect(hasCode(undefined, 'ERR_ZS_OPTION')).toBe(false);
  });
});
