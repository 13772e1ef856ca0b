// Who takes part in the goals: strategies, alone and with what can be added, and the peers that can do the work here.

import { createRequire } from 'node:module';
import type { RunOptions } from '../model/scenario.ts';
import { findNativePeers } from '../patterns/native.ts';
import { THING } from '../patterns/subjects.ts';
import { findPeers } from '../peers/available.ts';
import type { Peer } from '../peers/available.ts';
import { LMDB, MAP_WORKER } from '../peers/subjects.ts';
import { tellingOf } from '../scenarios/choices.ts';
import { WASM_TLSF } from './heaps.ts';
import { variantsOf } from './variants.ts';

/** Strategies that differ on the hot paths: locks all the way, a zspage lock only, that without a shared word, no lock for readers. */
const TELLING = ['spin', 'preemptibleDirect', 'bigReader', 'rcuTurn'];

function wasmPeer(): Peer {
  const require = createRequire(import.meta.url);
  try {
    const { version } = require('assemblyscript/package.json') as { version: string };
    const title = `TLSF of AssemblyScript ${version} in wasm, one mutex where there are several agents`;
    return { id: WASM_TLSF, kind: 'peer', title, why: null };
  } catch (error) {
    const why = `assemblyscript cannot be loaded: ${(error as Error).message.split('\n')[0]}`;
    return { id: WASM_TLSF, kind: 'peer', title: 'TLSF of AssemblyScript in wasm', why };
  }
}

/** Peers that a JavaScript program can use instead. */
export function packagePeers(): Peer[] {
  return [...findPeers().filter(({ id }) => [MAP_WORKER, LMDB, THING].includes(id)), wasmPeer()];
}

/** All peers, those that cannot take part here too. */
export function goalPeers(): Peer[] {
  return [...findNativePeers(), ...packagePeers()];
}

/** Stores values by key, and has no addresses. */
export function isStore(subject: string): boolean {
  return subject === MAP_WORKER || subject === LMDB;
}

/** Strategies, each followed by itself with what can be added. */
export function goalStrategies(options: RunOptions): string[] {
  return tellingOf(options, TELLING).flatMap((id) => variantsOf(id));
}
