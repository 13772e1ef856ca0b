// Q4, metadata: what the tables of a large pool cost when it is full of small objects.

import { freemem } from 'node:os';
import { CheckError, SkipError } from '../checks.ts';
import { METADATA_SHARE_MAX, OBJECT_BYTES, runMetadata } from '../metadata.ts';
import type { ScenarioInfo } from '../model/measurement.ts';
import type { Job, RunOptions, Scenario } from '../model/scenario.ts';
import { loadStrategy, strategyIdOf } from '../strategies.ts';

const ID = 'metadata';
const POOL_BYTES = 2 ** 30;
const POOL_BYTES_QUICK = 64 * 2 ** 20;
const SECONDS_PER_GIB = 3;

const poolBytesOf = ({ full }: RunOptions): number => (full ? POOL_BYTES : POOL_BYTES_QUICK);

function describe(options: RunOptions): ScenarioInfo {
  return {
    id: ID,
    title: 'Metadata: a pool full of small objects',
    question: 'Q4',
    description:
      `Fills a pool of ${poolBytesOf(options) / 2 ** 20} MiB with ${OBJECT_BYTES}-byte objects until it refuses one. Metadata must stay ` +
      `below ${METADATA_SHARE_MAX * 100} % of the pool. Exact: one round says it all.`,
    metrics: [
      { id: 'share', label: 'metadata / pool (8 bytes a slot not counted)', unit: '%', better: 'lower', exact: true },
      { id: 'bytesPerObject', label: 'metadata for each object', unit: 'bytes', better: 'lower', exact: true },
      { id: 'objects', label: 'objects', unit: 'count', better: 'neither' },
      { id: 'fillSeconds', label: 'filling it (one look)', unit: 's', better: 'neither' },
    ],
    parameters: [],
    baseline: null,
    limits: ['one object size'],
  };
}

function jobs(options: RunOptions, round: number, seed: number): Job[] {
  if (round > 0) return [];
  const poolBytes = poolBytesOf(options);
  if (freemem() < 2 * poolBytes) throw new SkipError(`only ${Math.round(freemem() / 2 ** 20)} MiB of memory are free.`);
  const seconds = 0.3 + (SECONDS_PER_GIB * poolBytes) / 2 ** 30;
  return options.strategyIds.map((subject) => ({ scenario: ID, subject, seed, plan: { poolBytes }, seconds }));
}

async function measure({ subject, plan }: Job): ReturnType<Scenario['measure']> {
  const result = runMetadata(await loadStrategy(strategyIdOf(subject)), plan['poolBytes'] as number);
  const share = result.bytesMetadata / result.poolBytes;
  if (share >= METADATA_SHARE_MAX) {
    throw new CheckError(`metadata of ${subject} takes ${(share * 100).toFixed(2)} % of a full pool.`);
  }
  return [
    {
      scenario: ID,
      subject,
      parameters: {},
      metrics: {
        share: share * 100,
        bytesPerObject: result.bytesMetadata / result.objects,
        objects: result.objects,
        fillSeconds: result.fillSeconds,
      },
      histograms: {},
      verified: { objects: 0, bytes: 0, pools: 1 },
    },
  ];
}

export const scenario: Scenario = { describe, jobs, measure };
