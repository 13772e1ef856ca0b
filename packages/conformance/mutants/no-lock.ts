// A lock that excludes nobody.
//
// In kind: lock_busted of Linux's locktorture, which a torture test must reject to be believed.

import type { Mutex } from '@zsmalloc/core/strategy';
import { spinning } from './base/build.ts';
import type { Caught } from './caught.ts';

class NoMutex implements Mutex {
  lock(): void {}

  tryLock(): boolean {
    return true;
  }

  unlock(): void {}

  isContended(): boolean {
    return false;
  }
}

export const noLock = spinning('noLock', { mutex: NoMutex });
export const caught: Caught = {
  check: 'class-lock-two',
  rows: [1],
  words: /two agents were inside class lock 0 at once/,
};
