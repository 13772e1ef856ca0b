// Where and how a run was made: no number means anything without it.

import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** Plain data for the report. */
export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Mean number of runnable processes over the last minute, as the run began. */
  readonly loadAverage: number;
  readonly os: string;
  readonly node: string;
  readonly v8: string;
  /** Commit of the working tree, with "+changes" if it differs; null outside a repository. */
  readonly commit: string | null;
  readonly date: string;
  readonly command: string;
}

function git(...args: string[]): string {
  const cwd = new URL('.', import.meta.url);
  return execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}

function commit(): string | null {
  try {
    return git('rev-parse', '--short=12', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+changes');
  } catch {
    return null;
  }
}

export function readEnvironment(argv: readonly string[]): Environment {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadAverage: loadavg()[0]!,
    os: `${type()} ${release()} ${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
    commit: commit(),
    date: new Date().toISOString(),
    command: ['bench', ...argv].join(' '),
  };
}
