// Plain text tables. The first column is aligned left, figures right, and no line is wider than a terminal.

/** Columns of the narrowest terminal that the report is made for. */
export const WIDTH_MAX = 80;

/** Lays out a table; throws when a line would not fit, for a wrapped table is unreadable. */
export function formatTable(headers: readonly string[], rows: readonly (readonly string[])[], gap = 2): string {
  const lines = [headers, ...rows];
  const widths = headers.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const total = widths.reduce((sum, width) => sum + width, 0) + gap * (widths.length - 1);
  if (total > WIDTH_MAX && gap > 1) return formatTable(headers, rows, gap - 1);
  if (total > WIDTH_MAX) throw new Error(`cannot lay out the table: its lines are ${total} wide, over ${WIDTH_MAX}.`);
  const text = lines.map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join(' '.repeat(gap))
      .trimEnd(),
  );
  const rule = '-'.repeat(total);
  return [text[0]!, rule, ...text.slice(1)].join('\n');
}

/** A figure with about three digits that count; a dash when there is none. */
export function figure(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '-';
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)}M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(0)}k`;
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  return value.toFixed(2);
}

/** Bytes in MiB. */
export function mebibytes(bytes: number | null): string {
  return bytes === null ? '-' : (bytes / 2 ** 20).toFixed(2);
}

const NAME_WIDTH = 10;

/** A named text; its further lines stand under its first. */
export function item(name: string, text: string): string {
  const lines = paragraph(text, WIDTH_MAX - NAME_WIDTH).split('\n');
  return lines.map((line, index) => `${(index === 0 ? name : '').padEnd(NAME_WIDTH)}${line}`).join('\n');
}

/** A heading with a rule. */
export function heading(text: string): string {
  return `\n${text}\n${'='.repeat(Math.min(text.length, WIDTH_MAX))}`;
}

/** Breaks a paragraph into lines. */
export function paragraph(text: string, width: number = WIDTH_MAX): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join('\n');
}
