import { expect, it } from 'vitest';
import { WIDTH_MAX, figure, formatTable, item, paragraph } from '../src/table.ts';

it('aligns the first column left and figures right', () => {
  const text = formatTable(
    ['name', 'ns'],
    [
      ['spin', '7'],
      ['bigLock', '123'],
    ],
  );
  expect(text).toBe(['name      ns', '------------', 'spin       7', 'bigLock  123'].join('\n'));
});

it('narrows the gaps of a wide table, and refuses one that a terminal would wrap', () => {
  expect(formatTable(['x'.repeat(WIDTH_MAX)], []).split('\n')[0]).toHaveLength(WIDTH_MAX);
  expect(() => formatTable(['x'.repeat(WIDTH_MAX), 'y'], [])).toThrow('its lines are 82 wide, over 80');
});

it('shows about three digits, and a dash where there is nothing', () => {
  expect([1234.5, 123.45, 12.345, 1.2345, null, Number.NaN].map(figure)).toEqual([
    '1235',
    '123',
    '12.3',
    '1.23',
    '-',
    '-',
  ]);
});

it('breaks a paragraph before column 81 and loses no word', () => {
  const words = Array.from({ length: 60 }, (_, index) => `word${index}`);
  const lines = paragraph(words.join('\n   ')).split('\n');
  expect(lines.join(' ')).toBe(words.join(' '));
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(WIDTH_MAX);
});

it('shows large figures in thousands and millions', () =>
  expect([9999, 12_345, 1_234_567].map(figure)).toEqual(['9999', '12k', '1.23M']));

it('keeps the lines of an item under each other', () => {
  const lines = item('name', 'word '.repeat(40)).split('\n');
  expect(lines[0]).toMatch(/^name {6}word/);
  expect(lines[1]).toMatch(/^ {10}word/);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(WIDTH_MAX);
});
