// What live agents have in hand: pages and zspages that are in no list although nobody has lost them. Read under all
// structure locks, under which alone they change.

import { AGENT, PAGE, ZSPAGE } from '../layout/records.ts';
import { agentWord, isLive } from '../agents.ts';
import { corruptError } from '../invariant.ts';
import type { PoolState } from '../state.ts';
import type { PageIndex, ZspageIndex } from '../strategy/contract.ts';
import type { WordIndex } from '../words/agent.ts';

/** Pages and zspages in the hands of live agents. */
export interface InHand {
  readonly pages: ReadonlySet<PageIndex>;
  readonly zspages: ReadonlySet<ZspageIndex>;
}

/** Caller holds: every structure lock. @throws ERR_ZS_CORRUPT when a list does not end. */
export function inHand(state: PoolState): InHand {
  const { words, plan } = state;
  const pages = new Set<PageIndex>();
  const zspages = new Set<ZspageIndex>();
  for (let agent = 1; agent <= plan.agentsMax; agent++) {
    if (!isLive(words, plan, agent)) continue;
    const record = agentWord(plan, agent);
    const target = words[record + AGENT.at.moveTo]!;
    if (target !== 0) addPages(state, target, pages);
    addPages(state, words[record + AGENT.at.emptyPages]!, pages);
    addPages(state, words[record + AGENT.at.readPages]!, pages);
    for (let zspage = words[record + AGENT.at.emptyZspages]!; zspage !== 0;) {
      if (zspage < 0 || zspage > plan.pages || zspages.has(zspage)) throw endless('zspages', zspage);
      zspages.add(zspage);
      zspage = words[state.zspageWord(zspage) + ZSPAGE.at.next]!;
    }
  }
  return { pages, zspages };
}

function addPages(state: PoolState, first: PageIndex, pages: Set<PageIndex>): void {
  const { words, plan } = state;
  for (let page = first; page !== 0;) {
    if (page < plan.firstPage || page >= plan.pages || pages.has(page)) throw endless('pages', page);
    pages.add(page);
    page = words[state.pageWord(page) + PAGE.at.link]!;
  }
}

function endless(what: string, at: WordIndex): Error {
  return corruptError('lists-bounded', `the ${what} that an agent has in hand`, at);
}
