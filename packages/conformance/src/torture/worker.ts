// One agent of a crew. workerData names its role; it reports once and ends.

import { parentPort, workerData } from 'node:worker_threads';
import type { Strategy } from '@zsmalloc/core/strategy';
import { SABOTAGES, sabotaged } from '../controls/sabotage.ts';
import { Violation } from '../host/small-host.ts';
import { Control } from './control.ts';
import type { AgentReport, RoleData } from './crew.ts';
import { drawFrom } from './random.ts';
import type { Draw } from './random.ts';
import { ROLES } from './roles.ts';

interface Hiring {
  readonly module: string;
  readonly name: string;
  readonly sabotage: string | undefined;
  readonly role: string;
  readonly index: number;
  readonly seed: number;
  readonly control: Int32Array;
  readonly data: RoleData;
}

/** What a role gets. */
export interface RoleContext {
  readonly strategy: Strategy;
  readonly index: number;
  readonly draw: Draw;
  readonly control: Control;
  readonly data: RoleData;
  /** Numbers to report. */
  readonly counts: Record<string, number>;
}

/** Plays a role to its end; throws a Violation when something is wrong. */
export type TortureRole = (context: RoleContext) => void | Promise<void>;

const { module, name, sabotage, role, index, seed, control: words, data } = workerData as Hiring;
const exported = (await import(module)) as Record<string, Strategy>;
const planted = SABOTAGES.find(({ id }) => id === sabotage);
const strategy = planted === undefined ? exported[name] : sabotaged(exported[name], planted);
const counts: Record<string, number> = {};
const control = new Control(words, index);
let wrong: string | undefined;
try {
  await ROLES[role]({ strategy, index, draw: drawFrom(seed), control, data, counts });
} catch (error) {
  const text = error instanceof Error ? (error instanceof Violation ? error.message : error.stack) : String(error);
  wrong = `agent ${index} (${role}): ${text}`;
}
const report: AgentReport = { counts, wrong };
parentPort!.postMessage(report);
