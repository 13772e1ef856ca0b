// Names for words of a pool, for the explorer's reports.

import { AGENT, CACHE, CLASS, HEADER, LOCK, MAGAZINE, PAGE, ZSPAGE } from '@zsmalloc/core/model';
import type { Layout, PoolPlan } from '@zsmalloc/core/model';

/** The name of the word at a byte offset: its record, its number and its field. */
export function nameWord(plan: PoolPlan, byteOffset: number): string {
  const word = byteOffset >>> 2;
  const { poolBase, lockBase, classBase, agentBase, pageBase, zspageBase, directoryBase, firstPage, pageWords } = plan;
  if (word < poolBase) return `header.${fieldAt(HEADER, word)}`;
  if (word < lockBase) return `pool words +${word - poolBase}`;
  if (word < classBase)
    return `${lockName(plan, Math.floor((word - lockBase) / LOCK.words))} +${(word - lockBase) % LOCK.words}`;
  if (word < agentBase)
    return `class ${Math.floor((word - classBase) / CLASS.words)}.${fieldAt(CLASS, (word - classBase) % CLASS.words)}`;
  if (word >= plan.cacheBase && word < pageBase) {
    const [agent, at] = divide(word - plan.cacheBase, plan.cacheStride);
    const [ordinal, field] = divide(at - CACHE.words, MAGAZINE.words);
    return at < CACHE.words
      ? `cache ${agent}.${fieldAt(CACHE, at)}`
      : `magazine ${agent}/${ordinal}.${fieldAt(MAGAZINE, field)}`;
  }
  if (word < pageBase) {
    const [agent, at] = divide(word - agentBase, plan.agentStride);
    return at < AGENT.words ? `agent ${agent}.${fieldAt(AGENT, at)}` : `agent ${agent} strategy +${at - AGENT.words}`;
  }
  if (word < zspageBase)
    return `page ${Math.floor((word - pageBase) / PAGE.words)}.${fieldAt(PAGE, (word - pageBase) % PAGE.words)}`;
  if (word < directoryBase) {
    const [zspage, at] = divide(word - zspageBase, plan.zspageStride);
    return at < plan.zspageCore
      ? `zspage ${zspage} lock +${at}`
      : `zspage ${zspage}.${fieldAt(ZSPAGE, at - plan.zspageCore)}`;
  }
  if (word < plan.tableWords) return `directory[${word - directoryBase}]`;
  const [page, at] = divide(word, pageWords);
  return page < firstPage
    ? `word ${word}`
    : `page ${page} word ${at}${byteOffset % 4 === 0 ? '' : `.${byteOffset % 4}`}`;
}

function lockName({ handlesLock, pagesLock }: PoolPlan, lock: number): string {
  if (lock === handlesLock) return 'handles lock';
  return lock === pagesLock ? 'pages lock' : `class lock ${lock}`;
}

function divide(value: number, by: number): [number, number] {
  return [Math.floor(value / by), value % by];
}

function fieldAt(layout: Layout, at: number): string {
  const entry = Object.entries(layout.at).findLast(([, start]) => start <= at);
  if (entry === undefined) return `+${at}`;
  const [field, start] = entry;
  return layout.fields[field].words === 1 ? field : `${field}[${at - start}]`;
}
