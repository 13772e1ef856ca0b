// Which peers can take part here, and why the others cannot.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Subject } from '../model/measurement.ts';
import { LMDB, MAP_WORKER, THING_ATOMICS, THING_SPIN } from './subjects.ts';

/** A peer; `why` says what is missing, null where nothing is. */
export interface Peer extends Subject {
  readonly kind: 'peer';
  readonly why: string | null;
}

const require = createRequire(import.meta.url);

/** Of the package.json above the package's entry; its own exports hide it. */
function versionOf(name: string): string {
  try {
    let folder = dirname(require.resolve(name));
    while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return version;
  } catch {
    return '(not installed)';
  }
}

/** Null when the package and its binary can be loaded. */
function missing(name: string): string | null {
  try {
    require.resolve(name);
    if (name === 'lmdb') require(name);
    return null;
  } catch (error) {
    return `${name} cannot be loaded: ${(error as Error).message.split('\n')[0]}`;
  }
}

/** V8's flag, and what it adds. */
export const MUTEX_FLAG = '--harmony-struct';

function withoutMutex(): string | null {
  try {
    const type = execFileSync(process.execPath, [MUTEX_FLAG, '-p', 'typeof Atomics.Mutex'], {
      encoding: 'utf8',
    }).trim();
    return type === 'function' ? null : `this node has no Atomics.Mutex, even with ${MUTEX_FLAG}`;
  } catch {
    return `this node does not know the flag ${MUTEX_FLAG}`;
  }
}

let found: readonly Peer[] | undefined;

/** All peers, in the order of tables; looked for once. */
export function findPeers(): readonly Peer[] {
  const thing = `@thi.ng/malloc ${versionOf('@thi.ng/malloc')}`;
  found ??= [
    { id: MAP_WORKER, kind: 'peer', title: 'a Map of Uint8Array in one worker, behind postMessage', why: null },
    { id: LMDB, kind: 'peer', title: `lmdb ${versionOf('lmdb')}, without syncing to disk`, why: missing('lmdb') },
    { id: THING_SPIN, kind: 'peer', title: `${thing} behind one spin mutex`, why: missing('@thi.ng/malloc') },
    {
      id: THING_ATOMICS,
      kind: 'peer',
      title: `${thing} behind one Atomics.Mutex (${MUTEX_FLAG})`,
      why: missing('@thi.ng/malloc') ?? withoutMutex(),
    },
  ];
  return found;
}

/** A line for the limits of a scenario for each of `peers` that cannot take part. */
export function missingPeers(peers: readonly Peer[]): string[] {
  return peers.filter(({ why }) => why !== null).map(({ title, why }) => `left out: ${title}: ${why}`);
}
