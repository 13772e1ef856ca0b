#!/usr/bin/env node
// The command line.

import { createRequire } from 'node:module';
import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { INVARIANTS } from './invariants.ts';
import { runConformance } from './run/run-conformance.ts';
import type { ConformanceOptions, Progress } from './run/run-conformance.ts';
import { formatReport } from './table.ts';

const USAGE = `Checks a lock strategy for zsmalloc pools.

usage: conformance MODULE [flags]

  MODULE            path, URL or package name of a module that exports a strategy
  --export NAME     which export, when there are several
  --minutes N       time for the checks, 0.4 by default
  --seed N          seed of everything random
  --rows LIST       rows to check, for instance 1,4,13
  --json FILE       writes the report as JSON
  --replay CHECK    runs one check only; the report prints the whole command
  --schedule S      with --replay: runs one schedule of an explorer program
  --list            lists the rows

Exits with 0 when no row failed, 1 when one did, 2 when the checks could not run.`;

/** Where the user stands: package managers run scripts in the package's folder. */
const here = process.env['INIT_CWD'] ?? process.cwd();

function moduleUrl(module: string): string {
  if (/^[a-z]+:/.test(module)) return module;
  const path = resolve(here, module);
  if (existsSync(path)) return pathToFileURL(path).href;
  return pathToFileURL(createRequire(resolve(here, 'package.json')).resolve(module)).href;
}

function showProgress({ done, total, title, failed }: Progress): void {
  const line = `${done}/${total}${failed > 0 ? `, ${failed} failed` : ''}  ${title}`;
  process.stderr.write(`\r\u001b[K${line.slice(0, 79)}`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      export: { type: 'string' },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      rows: { type: 'string' },
      json: { type: 'string' },
      replay: { type: 'string' },
      schedule: { type: 'string' },
      list: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.list === true) {
    console.log(INVARIANTS.map(({ number, title }) => `${String(number).padStart(2)}  ${title}`).join('\n'));
    return 0;
  }
  const [module] = positionals;
  if (module === undefined || values.help === true) {
    console.log(USAGE);
    return values.help === true ? 0 : 2;
  }
  const options: ConformanceOptions = {
    ...(values.export === undefined ? {} : { export: values.export }),
    ...(values.minutes === undefined ? {} : { minutes: Number(values.minutes) }),
    ...(values.seed === undefined ? {} : { seed: Number(values.seed) }),
    ...(values.rows === undefined ? {} : { rows: values.rows.split(',').map(Number) }),
    ...(values.replay === undefined ? {} : { check: values.replay }),
    ...(values.schedule === undefined ? {} : { schedule: values.schedule }),
    ...(process.stderr.isTTY ? { onProgress: showProgress } : {}),
  };
  const report = await runConformance(moduleUrl(module), options);
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  console.log(formatReport(report));
  if (values.json !== undefined) writeFileSync(resolve(here, values.json), `${JSON.stringify(report, null, 2)}\n`);
  return report.verdict === 'passed' ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
