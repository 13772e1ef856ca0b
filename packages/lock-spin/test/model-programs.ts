// Small programs around one lock, for the explorer. The sections touch two plain words, so that the explorer's race
// detector finds any two sections that are not ordered, in whichever interleaving it looks.

import { ModelMemory, explore } from '@zsmalloc/explorer';
import type { ExploreOptions, ExploreResult, ThreadContext } from '@zsmalloc/explorer';
import type { LockKind } from '@zsmalloc/core/strategy';
import { hasCode } from '@zsmalloc/core/words';
import type { SpinBudget, WordIndex } from '@zsmalloc/core/words';

/** How an agent waits. */
export interface Waiting {
  readonly spin: SpinBudget;
  readonly mayBlock: boolean;
}

// The explorer takes a waiting agent out until the word changes, so what an agent does to the word must happen before
// its first pause: the budgets below make it impatient at once or never.

const patient: Waiting = { spin: { yieldAfter: Infinity, refuseAfter: Infinity }, mayBlock: true };
const starving: Waiting = { spin: { yieldAfter: -8, refuseAfter: Infinity }, mayBlock: true };
const refusing: Waiting = { spin: { yieldAfter: 0, refuseAfter: 0 }, mayBlock: false };

/** How each agent of a program waits; the last entry counts for all further ones. */
export type Waitings = readonly [Waiting, ...Waiting[]];

/** All wait for as long as it takes, and never become impatient: the plain protocol. */
export const PATIENT: Waitings = [patient];
/** All starve from the first round on: the bits that ask for attention. */
export const STARVING: Waitings = [starving];
/** The first starves, the others are patient: two that reserve a mutex by turns would do so without end. */
export const ONE_STARVING: Waitings = [starving, patient];
/** All starve, and give up, in their first round: what they asked for must be taken back. */
export const REFUSING: Waitings = [refusing];

export const LOCK: WordIndex = 0;
const LOCK_WORDS = 4;
const FIRST = 8;
const SECOND = 9;

/** Readers and writers inside now, and the most readers that were inside together. Test-side. */
interface Inside {
  readers: number;
  readersMost: number;
}

type Context = ThreadContext<Inside>;

/** What one agent does with its side of the lock; the sections are `change` and `look`. */
export type Role<L> = (lock: L, section: Sections) => void;

export interface Sections {
  change(): void;
  look(): void;
}

export interface Explored {
  readonly result: ExploreResult;
  /** Most readers that were inside together, over all executions. */
  readonly readersMost: number;
}

function sections(context: Context, changes: { count: number }): Sections {
  const words = context.memory.int32;
  return {
    change: () => {
      const first = words[FIRST];
      words[FIRST] = first + 1;
      words[SECOND] = first + 1;
      changes.count++;
    },
    look: () => {
      context.ghost((inside) => (inside.readersMost = Math.max(inside.readersMost, ++inside.readers)));
      context.assert(words[FIRST] === words[SECOND], 'a reader sees a half-done change');
      context.ghost((inside) => inside.readers--);
    },
  };
}

/** Runs every schedule of agents with these roles. Equal roles are interchangeable, apart from their agent number. */
export function exploreLock<L>(
  kind: LockKind<L>,
  roles: Role<L>[],
  waitings: Waitings,
  options: Partial<ExploreOptions<Inside>> = {},
): Explored {
  let readersMost = 0;
  const result = explore<Inside>({
    memory: new ModelMemory(256),
    ghost: () => ({ readers: 0, readersMost: 0 }),
    threads: roles.map((role) => (context: Context) => {
      const changes = { count: 0 };
      const agent = {
        words: context.memory.int32,
        index: context.id + 1,
        ...(waitings[context.id] ?? waitings.at(-1)!),
      };
      try {
        role(kind.bind(agent), sections(context, changes));
      } catch (error) {
        if (!hasCode(error, 'ERR_ZS_WOULD_BLOCK')) throw error;
      }
      return changes.count;
    }),
    check: ({ memory, results, ghost }) => {
      readersMost = Math.max(readersMost, ghost.readersMost);
      const changes = (results as number[]).reduce((sum, count) => sum + count, 0);
      const { int32 } = memory;
      if (int32[FIRST] !== changes) throw new Error(`${changes} changes were made, ${int32[FIRST]} remain`);
      const left = Array.from(int32.subarray(0, LOCK_WORDS));
      if (left.some((word) => word !== 0)) throw new Error(`the lock is ${left.join(' ')} after all have left`);
    },
    ...options,
  });
  return { result, readersMost };
}
