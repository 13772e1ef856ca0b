import { describe, expect, it } from 'vitest';
import { defineLayout, layoutHash, layoutTables } from '../src/layout/define.ts';
import type { Field, Layout } from '../src/layout/define.ts';
import { AGENT, CLASS, HEADER, LAYOUT_HASH, LINE_WORDS, LOCK, PAGE, RECORDS, ZSPAGE } from '../src/layout/records.ts';

const field = (words: number, guard: Field['guard'] = 'atomic', doc = 'A word.'): Field => ({ words, guard, doc });

describe('defineLayout', () => {
  it('places fields one behind the other, in order', () => {
    const layout = defineLayout('thing', 2, { first: field(1), second: field(4), third: field(1) });
    expect(layout.at).toEqual({ first: 0, second: 1, third: 5 });
    expect(layout.words).toBe(6);
  });

  it('refuses implicit padding and says how much is missing', () => {
    expect(() => defineLayout('thing', 8, { first: field(3) })).toThrow(
      new Error('layout "thing" is 3 words, not a multiple of 8: add a reserved field of 5 words'),
    );
  });
});

const hash = (name: string, fields: Record<string, Field>): number => layoutHash([defineLayout(name, 1, fields)]);

describe('layoutHash', () => {
  const base = { first: field(1), second: field(1) };

  it.each<[string, string, Record<string, Field>]>([
    ['the record name', 'other', base],
    ['a field name', 'thing', { first: field(1), zweites: field(1) }],
    ['a size', 'thing', { first: field(1), second: field(2) }],
    ['a guard', 'thing', { first: field(1), second: field(1, 'class lock') }],
    ['the order of fields', 'thing', { second: field(1), first: field(1) }],
    ['a field more', 'thing', { ...base, third: field(1) }],
  ])('changes with %s', (_, name, fields) => {
    expect(hash(name, fields)).not.toBe(hash('thing', base));
  });

  it('does not change with what a field is said to mean', () => {
    expect(hash('thing', { first: field(1, 'atomic', 'Other words.'), second: field(1) })).toBe(hash('thing', base));
  });

  it('is positive, so that it fits a word that is never 0', () => {
    for (const record of RECORDS) expect(layoutHash([record])).toBeGreaterThan(0);
    expect(layoutHash(RECORDS)).toBe(LAYOUT_HASH);
  });
});

describe('the records', () => {
  it.each(RECORDS.map((record): [string, Layout] => [record.name, record]))(
    'of %s do not overlap and leave no gap',
    (_, record) => {
      const owner: string[] = [];
      for (const [name, { words }] of Object.entries(record.fields)) {
        for (let i = 0; i < words; i++) {
          const word = record.at[name]! + i;
          expect(owner[word], `word ${word}`).toBeUndefined();
          owner[word] = name;
        }
      }
      expect(owner.length).toBe(record.words);
      expect(owner.includes(undefined as never)).toBe(false);
    },
  );

  it('that are waited for or changed by different agents end on a cache line', () => {
    for (const record of [HEADER, LOCK, CLASS]) expect(record.words % LINE_WORDS, record.name).toBe(0);
    const lines = (['compactor', 'pageFreeHead', 'cellFresh'] as const).map((name) => HEADER.at[name] % LINE_WORDS);
    expect(lines).toEqual([0, 0, 0]);
  });

  it('of a zspage leave three words for the strategy in half a line', () => {
    expect(ZSPAGE.words + 3).toBe(LINE_WORDS / 2);
    expect(PAGE.words).toBe(2);
    expect(AGENT.words + 8).toBeLessThanOrEqual(4 * LINE_WORDS);
  });

  it('are printed as a table with one row a field', () => {
    const table = layoutTables([PAGE]);
    expect(table.split('\n').filter((line) => /^\| \d/.test(line))).toHaveLength(2);
    expect(table).toContain(`## page (${PAGE.words} words)`);
    expect(table).toContain(`| ${PAGE.at.link} | 1 | link | pool or class lock |`);
  });
});
