// The commit that is compared with, built in a working tree of its own.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ArgumentError } from '../arguments.ts';

const STATUS_INTERRUPTED = 130;

/** Of this repository. */
export const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url));

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** The commit that a name stands for; throws an ArgumentError where it stands for none. */
export function resolveCommit(name: string): string {
  try {
    return git('rev-parse', '--verify', '--quiet', `${name}^{commit}`);
  } catch {
    throw new ArgumentError(`"${name}" is no commit here; fetch it first, or name another.`);
  }
}

/** What the working tree is compared with by default: its own commit where something is changed, else the one before. */
export function defaultBase(): string {
  return git('status', '--porcelain', '--untracked-files=no') === '' ? 'HEAD~1' : 'HEAD';
}

/** Builds `commit` in a temporary working tree, calls `use` with its path, and removes it. */
export async function withBaseTree<T>(commit: string, use: (root: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'zsmalloc-icount-'));
  const root = join(folder, 'base');
  const remove = (): void => {
    git('worktree', 'remove', '--force', root);
    rmSync(folder, { recursive: true, force: true });
  };
  // A signal ends the process without what stands behind `finally`.
  const leave = (): void => {
    remove();
    process.exit(STATUS_INTERRUPTED);
  };
  git('worktree', 'add', '--detach', root, commit);
  process.once('SIGINT', leave).once('SIGTERM', leave);
  try {
    const quiet = { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] as ('ignore' | 'inherit')[] };
    execFileSync('npx', ['-y', 'pnpm@12', 'install', '--frozen-lockfile', '--prefer-offline'], quiet);
    execFileSync('npx', ['tsc', '-b'], quiet);
    return await use(root);
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', leave);
    remove();
  }
}
