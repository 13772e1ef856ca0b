// The peers that cannot take part, as a report lists them.

import type { Skip } from '../model/report.ts';
import { PATTERNS } from '../patterns/all.ts';
import { findNativePeers } from '../patterns/native.ts';
import { findPeers } from './available.ts';

/** Of a run of `scenarios`: none where no peer could take part. */
export function skippedPeers(scenarios: readonly string[]): Skip[] {
  const withPeers = ['put-get', 'goals', ...PATTERNS.map(({ id }) => id)];
  if (!scenarios.some((id) => withPeers.includes(id))) return [];
  return [...findPeers(), ...findNativePeers()].flatMap(({ title, why }) =>
    why === null ? [] : [{ what: `peer: ${title}`, why }],
  );
}
