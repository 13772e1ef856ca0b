import { writeSync } from 'node:fs';
import { explorePool } from './model/model-pool.ts';
import { threeAgents, twoAgents } from './model/programs.ts';
import { strategies } from './strategies.ts';
const only = process.env['ONLY'];
const pick = process.env['PICK'] ?? '';
const ms = Number(process.env['MS'] ?? 3000);
  for (const { strategy, name } of strategies.filter((s) => only === undefined || only.split(',').includes(s.name))) {
    for (const [what, build] of Object.entries({ ...twoAgents, ...threeAgents })) {
      if (!what.includes(pick)) continue;
      writeSync(2, `${name} ${what} ... `);
      try {
        const program = build(strategy);
        const result = explorePool({ ...program, options: { timeLimitMs: ms, ...program.options, ...(process.env['SCHED'] ? {schedule: process.env['SCHED']} : {}), ...(process.env['PB'] ? {preemptions: Number(process.env['PB'])} : {}) } });
        writeSync(2, `${result.report.slice(0, Number(process.env['LEN'] ?? 250))}\n`);
      } catch (error) {
        writeSync(2, `THROWN ${String((error as Error).stack).slice(0, 600)}\n`);
      }
    }
  }
