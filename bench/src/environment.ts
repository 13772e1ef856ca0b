// Where and how a run was made: no number means anything without it.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Plain data for the report. */
export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Mean number of runnable processes over the last minute, as the run began and as it ended. */
  readonly loadAverage: number;
  readonly loadAverageAfter: number;
  /** Share of the processors' time that others used in the second before the run. */
  readonly busyShare: number;
  /** The same during the whole run; null where the system does not tell how much the run itself used. */
  readonly busyShareDuring?: number | null;
  /** Seconds that the run waited for the machine to become idle. */
  readonly waitedSeconds: number;
  readonly os: string;
  /** The hypervisor or machine model, where one can be told; null on bare metal or where nothing tells. */
  readonly virtualization: string | null;
  /** Frequency governor of the first processor; null where it cannot be read. */
  readonly governor: string | null;
  readonly node: string;
  readonly v8: string;
  /** Flags of the engine, from the command line and NODE_OPTIONS. */
  readonly flags: readonly string[];
  /** Commit of the working tree, with "+changes" if it differs; null outside a repository. */
  readonly commit: string | null;
  readonly date: string;
  readonly command: string;
  /** What cannot be shown on this machine, whatever the scenario. */
  readonly limits: readonly string[];
}

/** A machine that others use this much is not calm: every interval will be wide. */
export const BUSY_SHARE_MAX = 0.15;
const LOOK_MS = 1000;
/** USER_HZ is 100 on all Linux that Node runs on. */
const MS_PER_CLOCK_TICK = 10;
/** From so many cores on, workers up to four times the cores say something about scaling. */
const CORES_FOR_SCALING = 8;

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

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

function virtualization(): string | null {
  const model = [readText('/sys/class/dmi/id/sys_vendor'), readText('/sys/class/dmi/id/product_name')]
    .filter((part) => part !== null && part !== '')
    .join(' ');
  const isVirtual = readText('/proc/cpuinfo')?.includes('hypervisor') === true;
  if (isVirtual) return `virtual machine${model === '' ? '' : ` (${model})`}`;
  return model === '' ? null : model;
}

function limitsOf(cores: number): string[] {
  if (cores >= CORES_FOR_SCALING) return [];
  return [
    `${cores} cores: more than ${cores} workers are oversubscription; how strategies scale with cores cannot be shown here`,
    'one kind of processor, one operating system, one engine: elsewhere Atomics and wakeups cost differently',
  ];
}

interface Ticks {
  readonly busy: number;
  readonly all: number;
}

function ticks(): Ticks {
  let busy = 0;
  let all = 0;
  for (const { times } of cpus()) {
    const sum = times.user + times.nice + times.sys + times.idle + times.irq;
    all += sum;
    busy += sum - times.idle;
  }
  return { busy, all };
}

/** Processor time of this process and all children that have ended, in ms; null where the system does not tell. */
function ownMs(): number | null {
  // proc(5): after the name in brackets, user and system time of the process and of its children are fields 12 to 15.
  const fields =
    readText('/proc/self/stat')
      ?.replace(/^.*\) /, '')
      .split(' ') ?? [];
  const clockTicks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return fields.length < 15 ? null : clockTicks * MS_PER_CLOCK_TICK;
}

/** Sees how much of the processors others use, from when it is made. */
export class LoadWatch {
  readonly #ticks: Ticks = ticks();
  readonly #ownMs: number | null = ownMs();

  /** Share of all processors' time; null where the system does not tell how much this process and its children used. */
  share(): number | null {
    const [now, own] = [ticks(), ownMs()];
    const all = now.all - this.#ticks.all;
    if (own === null || this.#ownMs === null || all === 0) return null;
    const others = now.busy - this.#ticks.busy - (own - this.#ownMs);
    return Math.min(1, Math.max(0, others / all));
  }
}

/** Share of the processors that others used during the run, or before it where nothing tells. */
export function othersShareOf({ busyShare, busyShareDuring }: Environment): number {
  return busyShareDuring ?? busyShare;
}

/** Share of all processors' time in use during the next second, by others: this process only sleeps. */
async function lookAtLoad(): Promise<number> {
  const before = ticks();
  await sleep(LOOK_MS);
  const after = ticks();
  return after.all === before.all ? 0 : (after.busy - before.busy) / (after.all - before.all);
}

/** Waits up to `waitSeconds` until the machine is calm. Returns the last look and the time spent waiting. */
export async function awaitCalm(waitSeconds: number): Promise<{ busyShare: number; waitedSeconds: number }> {
  const start = performance.now();
  const waited = (): number => (performance.now() - start - LOOK_MS) / 1000;
  let busyShare = await lookAtLoad();
  while (busyShare > BUSY_SHARE_MAX && waited() < waitSeconds) busyShare = await lookAtLoad();
  return { busyShare, waitedSeconds: Math.max(0, waited()) };
}

/** The environment as a run begins; `withLoadAfter` completes it. */
export function readEnvironment(
  argv: readonly string[],
  load: { readonly busyShare: number; readonly waitedSeconds: number },
): Environment {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadAverage: loadavg()[0]!,
    loadAverageAfter: loadavg()[0]!,
    ...load,
    os: `${type()} ${release()} ${process.arch}`,
    virtualization: virtualization(),
    governor: readText('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor'),
    node: process.version,
    v8: process.versions.v8,
    flags: [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/).filter((flag) => flag !== '')],
    commit: commit(),
    date: new Date().toISOString(),
    command: ['bench', ...argv].join(' '),
    limits: limitsOf(cores.length),
  };
}

/** The same environment with the load as the run has ended; `watch` was made when it began. */
export function withLoadAfter(environment: Environment, watch: LoadWatch): Environment {
  return { ...environment, loadAverageAfter: loadavg()[0]!, busyShareDuring: watch.share() };
}
