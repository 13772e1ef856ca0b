// Small programs around epochs, for the explorer: readers of a pointer, one that replaces what it names, and one that
// advances. Reuse is a plain write into what was replaced, so that the race detector finds it in any schedule in which
// nothing orders it behind the reads.

import { ModelMemory, explore } from '@zsmalloc/explorer';
import type { ExploreOptions, ExploreResult, ThreadContext } from '@zsmalloc/explorer';
import { EPOCH_WORDS, Epochs } from '../src/epochs.ts';
import type { EpochPlace } from '../src/epochs.ts';
import { POOL } from '../src/records.ts';

const AGENTS_MAX = 4;
const POINTER = EPOCH_WORDS.pool + (AGENTS_MAX + 1) * EPOCH_WORDS.agent;
const FIRST = POINTER + 1;
const SECOND = POINTER + 2;
const GOOD = 7;
const POISON = -1;

const place: EpochPlace = { poolBase: 0, agentBase: EPOCH_WORDS.pool, agentStride: EPOCH_WORDS.agent };
// The explorer takes a waiting agent out until what it waits for changes.
const patience = { spin: { yieldAfter: Infinity, refuseAfter: Infinity }, mayBlock: true };

/** What an agent does. */
export type Role = (epochs: Epochs, context: ThreadContext) => void;
/** Makes an agent's side of the epochs: the shipping class, or a broken one. */
export type EpochsClass = new (...args: ConstructorParameters<typeof Epochs>) => Epochs;

/** Reads through the pointer, once, in a section. */
export const read: Role = (epochs, context) => {
  const { int32: words } = context.memory;
  epochs.pin();
  context.assert(words[Atomics.load(words, POINTER)] === GOOD, 'a reader sees what has been reused');
  epochs.unpin();
};

/** The same in a nested section: the inner end must not end the outer one. */
export const readNested: Role = (epochs, context) => {
  const { int32: words } = context.memory;
  epochs.pin();
  const at = Atomics.load(words, POINTER);
  read(epochs, context);
  context.assert(words[at] === GOOD, 'a nested section has ended the outer one');
  epochs.unpin();
};

const replace = (words: Int32Array): void => void Atomics.store(words, POINTER, SECOND);
const reuse = (words: Int32Array): void => void (words[FIRST] = POISON);

/** Replaces, waits for a grace period, reuses. */
export const synchronizeAndReuse: Role = (epochs, { memory }) => {
  replace(memory.int32);
  epochs.synchronize();
  reuse(memory.int32);
};

/** Replaces, and reuses what was replaced if the grace period is over at once. */
export const pollAndReuse: Role = (epochs, { memory }) => {
  replace(memory.int32);
  if (epochs.poll(epochs.cookie())) reuse(memory.int32);
};

/** Samples EPOCH before it has replaced: rule 2 broken. */
export const sampleTooEarly: Role = (epochs, { memory }) => {
  const cookie = epochs.cookie();
  replace(memory.int32);
  if (epochs.poll(cookie)) reuse(memory.int32);
};

/** Reuses one epoch too early: rule 3 broken. */
export const graceOfOne: Role = (epochs, { memory }) => {
  replace(memory.int32);
  if (epochs.poll(epochs.cookie() - 1)) reuse(memory.int32);
};

/** Helps EPOCH along, as any agent may. */
export const advance: Role = (epochs) => {
  for (let i = 0; i < 3; i++) epochs.advance();
};

/** Memory in which no agent has been yet: they register as they come. */
export function nobodyYet({ int32 }: ModelMemory): void {
  int32[POINTER] = FIRST;
  int32[FIRST] = GOOD;
  int32[SECOND] = GOOD;
}

/** Runs every schedule of agents with these roles. */
export function exploreEpochs(
  roles: Record<string, Role>,
  options: Partial<ExploreOptions> = {},
  Class: EpochsClass = Epochs,
): ExploreResult {
  return explore({
    memory: new ModelMemory(Math.ceil((SECOND + 1) / 2) * 8),
    setup: (memory) => {
      nobodyYet(memory);
      memory.int32[POOL.at.agentsHigh] = Object.keys(roles).length;
    },
    threads: Object.fromEntries(
      Object.entries(roles).map(([name, role]) => [
        name,
        (context: ThreadContext) =>
          role(new Class({ words: context.memory.int32, index: context.id + 1, ...patience }, place), context),
      ]),
    ),
    // Pin reads EPOCH plainly, beside an advance: a stale value delays, epochs.ts rule 4.
    racy: (byteOffset) => byteOffset === POOL.at.epoch * 4,
    check: ({ memory }) => {
      for (let agent = 1; agent <= AGENTS_MAX; agent++) {
        if (memory.int32[EPOCH_WORDS.pool + agent * EPOCH_WORDS.agent] !== 0)
          throw new Error(`agent ${agent} is still inside`);
      }
    },
    ...options,
  });
}
