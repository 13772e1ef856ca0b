// What a pool tells about itself. Plain data: safe to send to another agent.

/** Counters of one pool, all taken at one moment. Byte figures are bytes, page figures component pages. */
export interface PoolStats {
  readonly strategyId: string;
  readonly pageBytes: number;
  readonly bufferBytes: number;
  /** Pages for objects and handle cells: all but the fixed tables at the start. */
  readonly pagesTotal: number;
  readonly pagesFree: number;
  /** Component pages in zspages: what the kernel reports as mem_used_total. */
  readonly pagesUsed: number;
  readonly pagesOfHandles: number;
  readonly objects: number;
  /** Slots of all zspages. */
  readonly objectsCapacity: number;
  /** Sum of the objects' lengths as requested. */
  readonly bytesStored: number;
  readonly bytesUsed: number;
  /** Bytes of tables, handle cells and zspage records in use; the 8 bytes in each slot are inside `bytesUsed`. */
  readonly bytesMetadata: number;
  readonly zspages: number;
  /** Pages that perfect packing would free. */
  readonly pagesFreeable: number;
  /** Freed pages, moved objects and skipped zspages since the pool was created. */
  readonly pagesCompacted: number;
  readonly objectsMoved: number;
  readonly busySkips: number;
  readonly agents: number;
}

/** One size class, as in the kernel's debugfs table `classes`. */
export interface ClassRow {
  /** Index of the class in the kernel's numbering. */
  readonly index: number;
  readonly sizeBytes: number;
  /** Zspages by fullness group: 0 %, up to 10 %, ... up to 90 %, up to 99 %, 100 %. */
  readonly groups: readonly number[];
  readonly objectsCapacity: number;
  readonly objectsInUse: number;
  readonly bytesStored: number;
  readonly pagesUsed: number;
  readonly pagesPerZspage: number;
  readonly objectsPerZspage: number;
  readonly pagesFreeable: number;
}
