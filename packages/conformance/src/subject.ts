// Finds the strategy that a module exports.

import type { Strategy } from '@zsmalloc/core/strategy';
import { ConformanceError } from './error.ts';
import type { Subject } from './check.ts';

/** True for what looks like a strategy: its capabilities and words are looked at by the checks. */
export function isStrategy(value: unknown): value is Strategy {
  if (typeof value !== 'object' || value === null) return false;
  const { id, bind, capabilities, words } = value as Partial<Strategy>;
  return (
    typeof id === 'string' &&
    typeof bind === 'function' &&
    typeof capabilities === 'object' &&
    typeof words === 'object'
  );
}

/** Names of the strategies that a module exports. */
export async function strategyNames(module: string): Promise<string[]> {
  const exported = (await importModule(module)) as Record<string, unknown>;
  return Object.keys(exported).filter((name) => isStrategy(exported[name]));
}

/**
 * Imports a strategy.
 *
 * @param name Export; may be left out when the module exports one strategy.
 * @throws ERR_CONFORMANCE_MODULE, ERR_CONFORMANCE_EXPORT.
 */
export async function loadSubject(module: string, name?: string): Promise<Subject> {
  const exported = (await importModule(module)) as Record<string, unknown>;
  const names = Object.keys(exported).filter((key) => isStrategy(exported[key]));
  const chosen = name ?? (names.length === 1 ? names[0] : undefined);
  if (chosen === undefined) {
    const found = names.length === 0 ? 'no strategy' : `${names.length} strategies: ${names.join(', ')}`;
    throw new ConformanceError(
      'ERR_CONFORMANCE_EXPORT',
      `cannot tell which strategy to check: ${module} exports ${found}. Name one export.`,
    );
  }
  const strategy = exported[chosen];
  if (!isStrategy(strategy)) {
    throw new ConformanceError(
      'ERR_CONFORMANCE_EXPORT',
      `cannot check "${chosen}": ${module} exports no strategy of that name, but ${names.join(', ') || 'none at all'}. A strategy has id, version, capabilities, words and bind.`,
    );
  }
  return { module, name: chosen, strategy };
}

async function importModule(module: string): Promise<unknown> {
  try {
    return await import(module);
  } catch (error) {
    throw new ConformanceError(
      'ERR_CONFORMANCE_MODULE',
      `cannot import ${module}: ${error instanceof Error ? error.message : String(error)}. Give the URL of an ECMAScript module.`,
    );
  }
}
