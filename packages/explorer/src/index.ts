export { ExplorerError, type ExplorerErrorCode } from './errors.ts';
export { explore, exploreAsync } from './explore.ts';
export { type ElementKind, type ViewOfKind } from './element-kind.ts';
export { type FailureKind } from './failure.ts';
export { ModelMemory } from './model-memory.ts';
export {
  type CrashOptions,
  type ExploreOptions,
  type FinalState,
  type Mode,
  type Outcome,
  type ThreadBody,
  type ThreadContext,
  type TimeoutPolicy,
} from './options.ts';
export { assertPassed, assertProved, type ExploreResult, type Failure, type Verdict } from './result.ts';
