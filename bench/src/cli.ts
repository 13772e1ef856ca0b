#!/usr/bin/env node
// The command `bench`: finds the subcommand and runs it.

import { ArgumentError } from './arguments.ts';

/** What a subcommand's module exports. Returns the exit status; throws an ArgumentError for a wrong command line. */
export interface Command {
  run(argv: readonly string[]): Promise<number>;
}

/** Imported on demand, by path: what a run does not use, it does not load. */
const COMMANDS: Readonly<Record<string, string>> = {
  run: './commands/run.js',
  selftest: './commands/selftest.js',
  compare: './report/compare.js',
  recommend: './report/recommend.js',
  report: './report/render.js',
  icount: './commands/icount.js',
};

async function main(argv: readonly string[]): Promise<number> {
  const args = argv[0] === '--' ? argv.slice(1) : argv;
  const [first] = args;
  const isNamed = first !== undefined && COMMANDS[first] !== undefined;
  const path = COMMANDS[isNamed ? first : 'run']!;
  const command = (await import(new URL(path, import.meta.url).href)) as Command;
  return command.run(isNamed ? args.slice(1) : args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ArgumentError)) throw error;
  process.stderr.write(`bench: ${error.message}\nRun with --help for all flags.\n`);
  process.exitCode = 2;
}
