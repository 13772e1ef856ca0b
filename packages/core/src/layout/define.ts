// Declares records of shared words: names, guards and meaning in one place, offsets computed from it.

/** Who may touch a field. `init`: written before the record is published, then constant. */
export type Guard =
  | 'init'
  | 'atomic'
  | 'class lock'
  | 'handles lock'
  | 'pages lock'
  | 'strategy'
  | 'agent'
  | 'lease'
  | 'pool or class lock';

/** One field of a record. */
export interface Field {
  readonly words: number;
  readonly guard: Guard;
  /** One sentence for the layout table. */
  readonly doc: string;
}

/** A record: word offsets of its fields, and its size. */
export interface Layout<F extends string = string> {
  readonly name: string;
  readonly words: number;
  readonly at: Readonly<Record<F, number>>;
  readonly fields: Readonly<Record<F, Field>>;
}

/**
 * Computes the offsets of a record's fields, in order, without implicit padding.
 *
 * @param alignWords The record's size must be a multiple of this.
 */
export function defineLayout<F extends string>(name: string, alignWords: number, fields: Record<F, Field>): Layout<F> {
  const at = {} as Record<F, number>;
  let words = 0;
  for (const key of Object.keys(fields) as F[]) {
    at[key] = words;
    words += fields[key].words;
  }
  if (words % alignWords !== 0) {
    const missing = alignWords - (words % alignWords);
    throw new Error(
      `layout "${name}" is ${words} words, not a multiple of ${alignWords}: add a reserved field of ${missing} words`,
    );
  }
  return { name, words, at, fields };
}

/** A hash of names, offsets and guards: two builds that disagree about memory have different hashes. 31 bits, never 0. */
export function layoutHash(layouts: readonly Layout[]): number {
  let hash = 0x811c9dc5;
  for (const layout of layouts) {
    for (const [name, field] of Object.entries(layout.fields)) {
      for (const char of `${layout.name}.${name}:${field.words}:${field.guard};`) {
        hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193);
      }
    }
  }
  return (hash & 0x7fffffff) | 1;
}

/** The records as Markdown tables, for docs/LAYOUT.md. */
export function layoutTables(layouts: readonly Layout[]): string {
  return layouts
    .map((layout) => {
      const rows = Object.entries(layout.fields).map(
        ([name, field]) => `| ${layout.at[name]} | ${field.words} | ${name} | ${field.guard} | ${field.doc} |`,
      );
      return [
        `## ${layout.name} (${layout.words} words)`,
        '',
        '| word | words | field | guard | meaning |',
        '|---:|---:|---|---|---|',
        ...rows,
        '',
      ].join('\n');
    })
    .join('\n');
}
