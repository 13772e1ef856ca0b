// The interleaving chart of one execution: time runs down, one column per thread, the source line of each access.

import { type Event } from './event.ts';
import { nameLocation } from './location-name.ts';
import { type Program } from './options.ts';
import { type Row } from './recorder.ts';

/** Rows shown; of a longer execution the middle is left out. */
const ROWS_MAX = 120;

export function drawChart(program: Program, rows: readonly Row[]): string {
  const cells = rows.map((row) => describeRow(program, row));
  const widths = program.names.map((name, q) =>
    Math.max(name.length, ...rows.map((row, i) => (row.thread === q ? cells[i]!.length : 0))),
  );
  let step = 0;
  const numbers = rows.map((row) => (row.event === null ? '' : String(++step)));
  const numberWidth = Math.max(String(step).length, 1);
  const header = line(numberWidth, widths, '#', program.names, 'source');
  const lines = rows.map((row, i) =>
    line(
      numberWidth,
      widths,
      numbers[i]!,
      program.names.map((_, q) => (q === row.thread ? cells[i]! : '')),
      row.site,
    ),
  );
  return [header, ...shorten(lines)].join('\n');
}

function line(numberWidth: number, widths: number[], number: string, cells: readonly string[], site: string): string {
  const columns = cells.map((cell, q) => cell.padEnd(widths[q]!));
  return [number.padStart(numberWidth), ...columns, site].join('  ').trimEnd();
}

function shorten(lines: string[]): string[] {
  if (lines.length <= ROWS_MAX) return lines;
  const half = ROWS_MAX / 2;
  return [...lines.slice(0, half), `... ${lines.length - ROWS_MAX} more ...`, ...lines.slice(-half)];
}

function describeRow(program: Program, { event, plain }: Row): string {
  if (event !== null) return describeEvent(program, event);
  const arrow = plain!.name === 'write' ? '=' : '->';
  return `${nameLocation(program, plain!.byteOffset)} ${arrow} ${show(plain!.value)}`;
}

function describeEvent(program: Program, event: Event): string {
  const place = nameLocation(program, event.byteOffset);
  const { name, operand, replacement, result } = event;
  switch (name) {
    case 'store':
    case 'write':
      return `${name} ${place} = ${show(operand)}`;
    case 'load':
    case 'read':
    case 'exited':
      return `${name} ${place} -> ${show(result)}`;
    case 'compareExchange':
      return `cas ${place} ${show(operand)} => ${show(replacement)} -> ${show(result)}`;
    case 'ghost':
      return result === undefined ? 'ghost' : `ghost -> ${show(result)}`;
    case 'exit':
    case 'timeout':
      return `${name} ${place}`;
    default:
      return `${name} ${place}${operand === undefined ? '' : ` ${show(operand)}`} -> ${show(result)}`;
  }
}

function show(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  const text = String(value);
  return text.length > 24 ? `${text.slice(0, 21)}...` : text;
}
