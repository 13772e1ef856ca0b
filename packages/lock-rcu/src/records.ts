// Words of the RCU strategies in a pool's buffer. No offset is written anywhere else.

import { OWN_LINE_WORDS, defineLayout } from '@zsmalloc/core/strategy';
import type { Layout } from '@zsmalloc/core/strategy';

/** Every agent writes EPOCH and reads it in each section, so it has a cache line of its own. */
const poolFields = {
  epoch: { words: 1, guard: 'atomic', doc: 'EPOCH: bits 0-27, free-running.' },
  reserved: { words: 15, guard: 'atomic', doc: 'Zero; ends the line.' },
  agentsHigh: { words: 1, guard: 'atomic', doc: 'Highest agent number that was ever attached: where a scan ends.' },
  garbageHigh: { words: 1, guard: 'atomic', doc: 'Most bytes of garbage seen, in units of 64 bytes. Statistics.' },
  stalls: { words: 1, guard: 'atomic', doc: 'Stalls reported. Statistics.' },
  deferred: { words: 1, guard: 'atomic', doc: 'Grace periods that rcuSynchronize could not wait for. Statistics.' },
  reservedRest: { words: 12, guard: 'atomic', doc: 'Zero; ends the line.' },
} as const;
export const POOL: Layout<keyof typeof poolFields> = defineLayout('rcu pool', 16, poolFields);

/** Only classes have limbo lists; the locks of the handle stock and of the page allocator leave theirs empty. */
const lockFields = {
  mutex: { words: 1, guard: 'strategy', doc: 'The structure lock: spinMutex.' },
  limboHead: { words: 1, guard: 'class lock', doc: 'First zspage with garbage, linked by `next`; 0 for none.' },
  limboTail: { words: 1, guard: 'class lock', doc: 'Last zspage with garbage.' },
  limboSlots: { words: 1, guard: 'class lock', doc: 'Retired slots of the class.' },
  limboPages: { words: 1, guard: 'class lock', doc: 'Retired component pages of the class.' },
} as const;
export const LOCK: Layout<keyof typeof lockFields> = defineLayout('rcu lock', 1, lockFields);

const zspageFields = {
  hold: {
    words: 1,
    guard: 'strategy',
    doc: 'preemptibleAtomicLock under OwnLines: holders and in-place writers read it, movers try to write it.',
  },
  chains: {
    words: 1,
    guard: 'class lock',
    doc: 'Retired slots: SEALED and OPEN heads and flags, see limbo.ts; 0 when there is no garbage.',
  },
  epoch: { words: 1, guard: 'class lock', doc: 'EPOCH after everything in the sealed chain was unlinked.' },
  next: { words: 1, guard: 'class lock', doc: 'Next zspage of the limbo list, or 0.' },
  page: { words: 1, guard: 'class lock', doc: 'Retired component page, or 0.' },
} as const;
export const ZSPAGE: Layout<keyof typeof zspageFields> = defineLayout('rcu zspage', 1, zspageFields);

const countedZspageFields: Record<'plain' | 'retired', Layout['fields'][string]> = {
  plain: { words: ZSPAGE.words, guard: 'strategy', doc: 'As in the other strategies.' },
  retired: {
    words: 1,
    guard: 'class lock',
    doc: 'Retired slots. rcuSynchronize only: it must know when none is live.',
  },
};
export const COUNTED_ZSPAGE: Layout<keyof typeof countedZspageFields> = defineLayout(
  'rcu zspage, counted',
  1,
  countedZspageFields,
);

const agentFields = {
  slot: {
    words: 1,
    guard: 'atomic',
    doc: 'Bit 0: in a section. Bits 1-28: EPOCH as read when it began. 0 outside of sections.',
  },
  need: { words: 1, guard: 'atomic', doc: '1: somebody waits for this agent to pass a quiescent state.' },
  marks: {
    words: OWN_LINE_WORDS as number,
    guard: 'atomic',
    doc: 'Hold words of the zspages that it writes in: core, OwnLines.',
  },
} as const;
export const AGENT: Layout<keyof typeof agentFields> = defineLayout('rcu agent', 1, agentFields);
