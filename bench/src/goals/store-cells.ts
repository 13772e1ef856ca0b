// The workloads with values on stores without addresses: a key of its own stands for each object.

import { WorkloadControl } from './control.ts';
import { startGang } from '../trace-replay/gang.ts';
import { lead } from './lead.ts';
import { createStore } from '../peers/subjects.ts';
import { goalCell } from './measure.ts';
import type { GoalCell } from './measure.ts';
import type { StoreJob } from './store-worker.ts';
import type { GoalReport } from './worker.ts';
import type { Workload } from './workloads.ts';

export async function measureStoreCell(
  subject: string,
  { id: workload, sizeBytes }: Workload,
  agents: number,
  seconds: number,
): Promise<GoalCell> {
  const maker = await createStore(subject, sizeBytes);
  const control = new WorkloadControl();
  const module = new URL('./store-worker.js', import.meta.url);
  const gang = startGang<GoalReport, StoreJob>(module, agents, (index) => {
    const store = maker.connect();
    const data = { workload, store, control: control.buffer, index, sizeBytes };
    return { data, ports: store.kind === 'map' ? [store.port] : [] };
  });
  const how = { workers: agents, measureMs: seconds * 1000 };
  const [led, reports] = await Promise.all([lead(control, how), gang]);
  await maker.own.store.close();
  await maker.close();
  const operations = reports.reduce((sum, report) => sum + report.operations, 0);
  return goalCell(subject, { workload, agents }, operations / led.seconds, operations, null, led.warmUp);
}
