import { type Event } from './event.ts';
import { callerSite } from './source-site.ts';
import { type VirtualThread } from './virtual-thread.ts';

/** One line of a chart. */
export interface Row {
  readonly thread: number;
  /** Steps are numbered; plain accesses belong to the step before. */
  readonly event: Event | null;
  readonly plain: { readonly name: 'read' | 'write'; readonly byteOffset: number; readonly value: unknown } | null;
  readonly site: string;
}

/** Notes all accesses of one execution with their source lines. Costs microseconds each: for failures only. */
export class Recorder {
  readonly rows: Row[] = [];

  noteStep(event: Event, thread: VirtualThread): void {
    this.rows.push({ thread: thread.id, event, plain: null, site: callerSite() });
  }

  notePlain(thread: VirtualThread, name: 'read' | 'write', byteOffset: number, value: unknown): void {
    this.rows.push({ thread: thread.id, event: null, plain: { name, byteOffset, value }, site: callerSite() });
  }
}
