// How subjects look in plots: families that share a plot, and within it a colour, a dash and a symbol for each, so that
// nobody has to tell colours apart. Colours are those of Okabe and Ito, as CSS variables: the page sets them for light and
// dark.

import type { Subject } from '../model/measurement.ts';
import { STRATEGIES } from '../strategies.ts';

/** How one subject is drawn. */
export interface Look {
  readonly color: string;
  /** `stroke-dasharray`; empty is a solid line. */
  readonly dash: string;
  readonly symbol: 'circle' | 'square' | 'triangle' | 'diamond';
}

/** Subjects that are shown in one plot. */
export interface Family {
  readonly title: string;
  readonly subjects: readonly Subject[];
}

const LOOKS: readonly Look[] = [
  { color: 'var(--series-1)', dash: '', symbol: 'circle' },
  { color: 'var(--series-2)', dash: '7 3', symbol: 'square' },
  { color: 'var(--series-3)', dash: '2 3', symbol: 'triangle' },
  { color: 'var(--series-4)', dash: '9 3 2 3', symbol: 'diamond' },
];

/** Subjects of one plot, at most: more lines cannot be followed. */
export const SERIES_MAX: number = LOOKS.length;

/** How the subject at this place of its family is drawn. */
export function lookOf(index: number): Look {
  return LOOKS[index % LOOKS.length]!;
}

/** The package of a strategy; subjects that are none, or that this bench does not know, are named by their kind. */
function familyTitle({ id, kind }: Subject): string {
  if (kind === 'harness') return 'the bench itself';
  if (kind === 'peer') return 'peers';
  return STRATEGIES.find((entry) => entry.id === id)?.module.replace(/^.*\//, '') ?? 'other strategies';
}

/** Families in the order of their first subjects, none larger than SERIES_MAX. */
export function familiesOf(subjects: readonly Subject[]): Family[] {
  const groups = new Map<string, Subject[]>();
  for (const subject of subjects) {
    const title = familyTitle(subject);
    groups.set(title, [...(groups.get(title) ?? []), subject]);
  }
  return [...groups].flatMap(([title, own]) => {
    const parts = Math.ceil(own.length / SERIES_MAX);
    return Array.from({ length: parts }, (_, part) => ({
      title: parts === 1 ? title : `${title} (${part + 1} of ${parts})`,
      subjects: own.slice(part * SERIES_MAX, (part + 1) * SERIES_MAX),
    }));
  });
}
