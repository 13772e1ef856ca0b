// The peers as a report lists them: those that can take part, and those that cannot, with the reason.

import type { Subject } from '../model/measurement.ts';
import type { Skip } from '../model/report.ts';
import { PATTERNS } from '../patterns/all.ts';
import { findNativePeers } from '../patterns/native.ts';
import { findPeers } from './available.ts';

/** In the order of tables. */
export function peerSubjects(): Subject[] {
  return [...findPeers(), ...findNativePeers()].map(({ id, kind, title }) => ({ id, kind, title }));
}

/** Of a run of `scenarios`: none where no peer could take part. */
export function skippedPeers(scenarios: readonly string[]): Skip[] {
  const withPeers = ['put-get', ...PATTERNS.map(({ id }) => id)];
  if (!scenarios.some((id) => withPeers.includes(id))) return [];
  return [...findPeers(), ...findNativePeers()].flatMap(({ title, why }) =>
    why === null ? [] : [{ what: `peer: ${title}`, why }],
  );
}
