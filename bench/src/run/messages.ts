// What a measured process sends to its parent.

import type { Cell } from '../model/measurement.ts';

/** It has loaded its scenario's code. */
export const READY = 'ready';

/** What has become of its job. */
export type Reply =
  | { readonly ok: true; readonly cells: readonly Omit<Cell, 'round'>[] }
  | { readonly ok: false; readonly error: string; readonly failedCheck: boolean };
