// The mutants as they are on disk: what each says about itself.

import { readFileSync, readdirSync } from 'node:fs';
import type { Strategy } from '@zsmalloc/core/strategy';
import type { Caught } from '../mutants/caught.ts';

const sources = new URL('../mutants/', import.meta.url);
const built = new URL('../dist-test/mutants/', import.meta.url);
const NO_MUTANTS = ['caught'];

export interface Mutant {
  readonly name: string;
  /** URL of the built module. */
  readonly module: URL;
  /** What is wrong with it. */
  readonly defect: string;
  /** Where such a defect has occurred in kind. */
  readonly kind: string;
}

/** All of them, by name. */
export const mutants: readonly Mutant[] = readdirSync(sources, { withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => entry.name.slice(0, -'.ts'.length))
  .filter((name) => !NO_MUTANTS.includes(name))
  .map((name) => {
    const [defect, kind] = headOf(readFileSync(new URL(`${name}.ts`, sources), 'utf8'));
    return { name, module: new URL(`${name}.js`, built), defect: defect!, kind: kind! };
  });

/** Paragraphs of the comment that a file begins with. */
function headOf(source: string): string[] {
  const lines = source.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  const paragraphs = lines.slice(0, end).map((line) => line.slice(2).trim());
  return paragraphs
    .join('\n')
    .split('\n\n')
    .map((text) => text.replaceAll('\n', ' '));
}

/** Imports one: its strategy, and how it is caught. */
export async function importMutant({ module }: Mutant): Promise<{ strategies: [string, Strategy][]; caught: Caught }> {
  const { caught, ...others } = (await import(module.href)) as Record<string, unknown>;
  return { strategies: Object.entries(others) as [string, Strategy][], caught: caught as Caught };
}
