// The answer to Q1.

import type { ScenarioInfo } from '../../model/measurement.ts';
import type { Row } from '../../model/row.ts';
import type { Answer } from '../../model/scenario.ts';
import { NAIVE_ID } from '../../strategies.ts';
import { figure } from '../../table.ts';
import { areApart, highest, lowest, roundsOf, select, spell, spellRatio } from './evidence.ts';

function headlineOf(naive: Row, naiveTail: Row | undefined, bestTail: Row | undefined, workers: number): string {
  const { ratio, significant } = naive.comparison!;
  if (!significant) return `With ${workers} workers, what spinning without bound costs is not clear here.`;
  const percent = (value: number): string => (100 * value).toPrecision(2).replace(/\.0$/, '');
  const isWorse = ratio.median < 1;
  const kept = `With ${workers} workers, spinning without bound reaches ${percent(ratio.median)} % (${percent(ratio.low)} to ${percent(ratio.high)}) of what a bounded spin reaches`;
  const tail =
    naiveTail === undefined || bestTail === undefined || !areApart(bestTail, naiveTail)
      ? ''
      : `, and its longest wait is ${figure(naiveTail.value.median / bestTail.value.median)} times as long`;
  return `${kept}${tail}. ${isWorse ? 'Bad; to spin for a bounded time and then yield fixes it.' : 'Not bad here.'}`;
}

/** Null when the cells that it needs were not measured. */
export function answerPreempted(rows: readonly Row[], info: ScenarioInfo): Answer | null {
  const workers = Number(info.parameters.find(({ id }) => id === 'workers')!.values.at(-1));
  const preempted = { holder: 'class', hold: 'short', preempted: 'yes', workers };
  const throughput = select(rows, 'opsPerSecond', preempted);
  const naive = throughput.find(({ subject }) => subject === NAIVE_ID);
  const base = throughput.find(({ subject }) => subject === info.baseline);
  if (naive === undefined || base === undefined) return null;
  const bounded = throughput.filter(({ subject }) => subject !== NAIVE_ID);
  const tails = select(rows, 'acquireMaxUs', preempted);
  const naiveTail = tails.find(({ subject }) => subject === NAIVE_ID);
  const bestTail = lowest(tails.filter(({ subject }) => subject !== NAIVE_ID));
  const readers = select(rows, 'openP99Us', { ...preempted, holder: 'mover' });
  const [bestRead, worstRead] = [lowest(readers), highest(readers)];
  const slowest = lowest(bounded)!;
  const isProved = naive.comparison?.significant === true;
  const sentences = [
    `With ${workers} workers and holders preempted inside, spinning without bound reaches ${spell(naive, 'kops/s', 1e-3)}: ` +
      `${spellRatio(naive)} of ${base.subject}, which spins for a bounded time and then yields.`,
    naiveTail === undefined || bestTail === undefined
      ? ''
      : `Longest wait: ${spell(naiveTail, 'ms', 1e-3)} against ${spell(bestTail, 'ms', 1e-3)}.`,
    bestRead === undefined || worstRead === undefined || bestRead === worstRead
      ? ''
      : `Beside a mover that is preempted, p99 of reads from their intended start is ${spell(bestRead, 'ms', 1e-3)} to ` +
        `${spell(worstRead, 'ms', 1e-3)}${areApart(bestRead, worstRead) ? '' : ', which is no clear difference'}.`,
  ];
  return {
    scenario: info.id,
    headline: headlineOf(naive, naiveTail, bestTail, workers),
    text: sentences.filter((sentence) => sentence !== '').join(' '),
    verdict: isProved ? 'proved' : 'open',
    caveats: [
      `${roundsOf(throughput)} rounds`,
      `the slowest of the bounded ones is ${slowest.subject}`,
      ...info.limits.slice(0, 2),
    ],
  };
}
