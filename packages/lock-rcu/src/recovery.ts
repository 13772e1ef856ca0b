// What the RCU strategies offer to who recovers from a death.
//
// RULES
//   1. A dead agent's section is over: its slot and its marks are cleared, so that EPOCH goes on. Its garbage is in no list of its own.
//   2. Limbo lists of a class that it was changing are built anew from the slots, with the EPOCH of now: later than need be.

import type { LimboRecovery, Mutex, OwnLines, StrategyHost, StrategyRecovery } from '@zsmalloc/core/strategy';
import type { Epochs } from './epochs.ts';
import { OBJECT, PLACE } from './limbo.ts';
import type { Limbo } from './limbo.ts';
import { ZSPAGE } from './records.ts';

/** Parts of one agent's side of a pool. */
export interface RcuParts {
  readonly host: StrategyHost;
  readonly epochs: Epochs;
  readonly limbo: Limbo;
  readonly mutex: Mutex;
  readonly holds: OwnLines;
}

export function rcuRecovery({ epochs, limbo, mutex, holds }: RcuParts): StrategyRecovery {
  const structure = mutex.recovery!;
  const zspages = holds.counted;
  const holdWord = (zspage: number): number => limbo.record(zspage) + ZSPAGE.at.hold;
  return {
    oneLock: false,
    bury: (dead) => {
      epochs.bury(dead);
      holds.bury(dead);
      return true;
    },
    marksOf: (dead) => holds.marksOf(dead),
    holderOf: (index) => structure.holderOf(limbo.lockWord(index)),
    releaseFor: (index, dead) => structure.releaseFor(limbo.lockWord(index), dead),
    moverOf: () => 0,
    releaseMoveFor: () => {},
    relocatorOf: (zspage) => zspages.holderOf(holdWord(zspage)),
    releaseRelocationFor: (zspage, dead) => zspages.releaseFor(holdWord(zspage), dead),
    countedLock: () => zspages,
    wakeAll: () => {},
    limbo: limboRecovery(epochs, limbo),
  };
}

function limboRecovery(epochs: Epochs, limbo: Limbo): LimboRecovery {
  return {
    clearClass: (classIndex, zspages) => limbo.clearClass(classIndex, zspages, epochs.sample()),
    retire: (location, isPlace) => limbo.retireSlot(location, isPlace ? PLACE : OBJECT, epochs.sample()),
    pageOf: (zspage) => limbo.pageOf(zspage),
  };
}
