// Text that is HTML or SVG already. Everything else that goes into a page is escaped: titles, commands and error texts of
// a report may hold any character.

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for element content and for quoted attributes. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}

/** Markup that needs no escaping. */
export class Markup {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

type Part = Markup | string | number | readonly Part[];

function sourceOf(part: Part): string {
  if (part instanceof Markup) return part.source;
  if (typeof part === 'string') return escapeText(part);
  return typeof part === 'number' ? String(part) : part.map(sourceOf).join('');
}

/** Template tag: `markup`<b>${text}</b>`` escapes `text`, unless it is markup or a list of markup. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(
    strings.map((text, index) => text + (index < parts.length ? sourceOf(parts[index]!) : '')).join(''),
  );
}

/** No markup at all. */
export const NOTHING: Markup = new Markup('');
