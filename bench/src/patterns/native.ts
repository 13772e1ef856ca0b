// The machine's own malloc under the same patterns: ../../native/patterns.c, compiled when it is first needed, where there
// is a compiler. Threads and pointers instead of workers and handles: what a native program has, as a yardstick.

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CheckError } from '../checks.ts';
import type { Cell } from '../model/measurement.ts';
import type { Peer } from '../peers/available.ts';
import type { Pattern } from './pattern.ts';
import type { PatternPlan } from './measure.ts';

const FOLDER: string = fileURLToPath(new URL('../../native/', import.meta.url));
const COMPILER = 'cc';
export const GLIBC = 'native-glibc';
export const MIMALLOC = 'native-mimalloc';
/** Debian's package libmimalloc2.0 has the first, libmimalloc-dev the second. */
const MIMALLOC_LIBRARIES = ['libmimalloc.so.2', 'libmimalloc.so'];
/** Nothing is compiled there: caches and page tables are warm by then. */
const WARM_UP_MS = 100;
/** Exit status of the program when an object was not what it was. */
const STATUS_WRONG = 2;

function runs(command: string, args: readonly string[], preload?: string): boolean {
  const env = preload === undefined ? process.env : { ...process.env, LD_PRELOAD: preload };
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', env });
  return status === 0 && !stderr.includes('cannot be preloaded');
}

/** Version of the C library; undefined where it is none of GNU. */
function glibcVersion(): string | undefined {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime;
}

function mimallocLibrary(): string | undefined {
  return MIMALLOC_LIBRARIES.find((library) => runs('true', [], library));
}

let found: readonly Peer[] | undefined;

/** The native peers; looked for once. */
export function findNativePeers(): readonly Peer[] {
  if (found !== undefined) return found;
  const glibc = glibcVersion();
  const without =
    glibc === undefined
      ? 'this system has no glibc'
      : runs(COMPILER, ['--version'])
        ? null
        : `there is no C compiler "${COMPILER}"`;
  const mimalloc =
    without ?? (mimallocLibrary() === undefined ? `no ${MIMALLOC_LIBRARIES.join(' or ')} was found` : null);
  found = [
    { id: GLIBC, kind: 'peer', title: `malloc of glibc ${glibc ?? ''}, native threads`, why: without },
    { id: MIMALLOC, kind: 'peer', title: 'mimalloc, native threads', why: mimalloc },
  ];
  return found;
}

export function isNative(subject: string): boolean {
  return subject === GLIBC || subject === MIMALLOC;
}

/** Path of a compiled program. Its folder is named after the source: a changed source is compiled again. */
function compile(name: string): string {
  const source = join(FOLDER, `${name}.c`);
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 16);
  const folder = join(tmpdir(), `zsmalloc-bench-native-${hash}`);
  const program = join(folder, name);
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  // Two runs may compile at once: each its own file, and the name is given last.
  const own = `${program}.${process.pid}`;
  execFileSync(COMPILER, ['-O2', '-pthread', '-o', own, source, '-lm']);
  renameSync(own, program);
  return program;
}

/** Runs a program of ../../native under the malloc of `subject`; returns the line that it printed. */
export function runNative<T>(name: string, subject: string, args: readonly string[]): T {
  const program = compile(name);
  const preload = subject === MIMALLOC ? mimallocLibrary() : undefined;
  const env = preload === undefined ? process.env : { ...process.env, LD_PRELOAD: preload };
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env });
  if (status === STATUS_WRONG) throw new CheckError(`${program} ${args.join(' ')}: ${stderr.trim()}`);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}. ${stderr.trim()}`);
  return JSON.parse(stdout) as T;
}

interface NativeResult {
  readonly opsPerSecond: number;
  readonly verified: number;
}

/** Runs the cells of a plan. Latencies and memory are not measured there, and null. */
export function measureNative(
  { id }: Pattern,
  subject: string,
  plan: PatternPlan,
  seed: number,
): Omit<Cell, 'round'>[] {
  const ms = plan.seconds * 1000;
  return plan.workers.map((workers) => {
    const numbers = [workers, WARM_UP_MS, Math.ceil(ms), seed];
    const { opsPerSecond, verified } = runNative<NativeResult>('patterns', subject, [id, ...numbers.map(String)]);
    const none = {
      warmUpMs: null,
      steady: null,
      cpuNsPerOp: null,
      p50Us: null,
      p99Us: null,
      p999Us: null,
      maxUs: null,
      overhead: null,
      overheadPeak: null,
      overheadCompacted: null,
    };
    return {
      scenario: id,
      subject,
      parameters: { workers },
      metrics: { opsPerSecond, ...none, refused: 0 },
      histograms: {},
      // Bytes compared: two words of each object.
      verified: { objects: verified, bytes: verified * 8, pools: 0 },
    };
  });
}
