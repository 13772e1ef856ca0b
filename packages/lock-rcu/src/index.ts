// @zsmalloc/lock-rcu: epoch-based reclamation for shared memory, and the strategies `rcu`, `rcuTurn`, `rcuSynchronize`.

export type { RcuCapabilities, RcuSynchronizeCapabilities } from './capabilities.ts';
export { EPOCH_WORDS, Epochs, GRACE } from './epochs.ts';
export type { EpochPlace, Laggard } from './epochs.ts';
export type { Garbage, StallReport } from './ladder.ts';
export { reclamationOf } from './reclamation.ts';
export type { Reclamation, ReclamationStats } from './reclamation.ts';
export { rcuSynchronize } from './rcu-synchronize.ts';
export { rcu, rcuTurn } from './strategies.ts';
export { TurnEpochs } from './turn-epochs.ts';
