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

/** Accesses that are noted with their source line; of what comes after, steps only and without. A chart shows fewer. */
const SITES_MAX = 1000;

/** Notes all accesses of one execution with their source lines. Costs microseconds each: for failures only. */
export class Recorder {
  readonly rows: Row[] = [];

  noteStep(event: Event, thread: VirtualThread): void {
    this.rows.push({ thread: thread.id, event, plain: null, site: this.site() });
  }

  notePlain(thread: VirtualThread, name: 'read' | 'write', byteOffset: number, value: unknown): void {
    if (this.rows.length < SITES_MAX)
      this.rows.push({ thread: thread.id, event: null, plain: { name, byteOffset, value }, site: this.site() });
  }

  /** Where the access being made is in the source; '' once there are too many to look. */
  site(): string {
    return this.rows.length < SITES_MAX ? callerSite() : '';
  }
}
