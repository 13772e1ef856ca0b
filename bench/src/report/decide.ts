// Names a strategy for somebody's needs, and says how firmly.
//
// RULES
//   1. Needs that a capability answers exclude; they are never weighed against speed.
//   2. The leaders are those that the most relevant scenario nowhere proves to be behind. One leader: the data decides.
//   3. Several leaders, or none: the data does not decide, and the recommendation says so. Then, in this order, and each step only as
//      far as it leaves somebody: what it can cost in the other scenarios and in the tail of latencies, what a strategy can do,
//      memory. Costs count by the worst, not by how often: who follows the advice may have just that workload.
//   4. Nothing is read off the name of a strategy.

import type { Capabilities } from '@zsmalloc/core/strategy';
import { BUSY_SHARE_MAX, othersShareOf } from '../environment.ts';
import type { Report } from '../model/report.ts';
import type { Candidate } from './candidates.ts';
import { evidenceFor } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { couldProve } from './leaders.ts';
import { exclusionOf } from './needs.ts';
import type { Exclusion, Needs } from './needs.ts';

/** A step that made the choice narrower. */
export interface TieBreaker {
  readonly by: string;
  /** The same in a few words, as what those that are left have. */
  readonly short: string;
  readonly left: readonly string[];
}

export interface Recommendation {
  readonly needs: Needs;
  /** Null when no strategy has the capabilities. */
  readonly choice: string | null;
  /**
   * 'data': it is proved to be behind nowhere, and each other somewhere; 'capabilities': no other can do it; 'open': the
   * data does not decide.
   */
  readonly decidedBy: 'data' | 'capabilities' | 'open';
  /** What the data cannot tell apart, the choice among them. */
  readonly leaders: readonly string[];
  readonly tieBreakers: readonly TieBreaker[];
  /** What the leaders were found by. */
  readonly evidence: readonly Evidence[];
  /** Other evidence for the same aim. */
  readonly supporting: readonly Evidence[];
  readonly exclusions: readonly Exclusion[];
  readonly caveats: readonly string[];
}

/** Preferences among those that the data cannot tell apart: what can do more costs its user least when needs change. */
const CAPABILITY_ORDER: readonly {
  readonly by: string;
  readonly short: string;
  readonly has: (capabilities: Capabilities) => boolean;
}[] = [
  {
    by: 'survives the death of an agent (robust)',
    short: 'survives killed workers',
    has: ({ robust }) => robust,
  },
  {
    by: 'works on an agent that cannot block (worksWithoutBlocking)',
    short: 'works on a main thread',
    has: ({ worksWithoutBlocking }) => worksWithoutBlocking,
  },
  {
    by: 'may be held across await (holdAcrossAwait)',
    short: 'readers may sleep',
    has: ({ holdAcrossAwait }) => holdAcrossAwait,
  },
  { by: 'never parks an agent (parks is false)', short: 'never parks', has: ({ parks }) => !parks },
];

/** Worst costs that differ by less decide nothing. */
const LOSS_SLACK = 0.1;
/** Memory over the least that differs by less decides nothing. */
const MEMORY_SLACK = 0.02;

/** Bytes of a pool that a strategy's words take, for each zspage. */
export const zspageBytes = ({ words }: Candidate): number => words.zspage * Int32Array.BYTES_PER_ELEMENT;

function timesBehind(evidence: readonly Evidence[], id: string): number {
  return evidence.filter((one) => one.placings.some(({ row, place }) => row.subject === id && place === 'behind'))
    .length;
}

function leastBehind(evidence: readonly Evidence[], ids: readonly string[]): string[] {
  const times = ids.map((id) => timesBehind(evidence, id));
  const least = Math.min(...times);
  return ids.filter((_, index) => times[index] === least);
}

/** How many times as bad as the best a strategy is proved to be, at worst. */
function worstBehind(evidence: readonly Evidence[], id: string): number {
  const ratios = evidence.flatMap(({ placings }) =>
    placings.flatMap(({ row, place, ratio }) => (row.subject === id && place === 'behind' ? [ratio ?? 1] : [])),
  );
  return Math.max(1, ...ratios.map((ratio) => Math.max(ratio, 1 / ratio)));
}

/** Those that have the least to lose, and what comes near. */
function leastToLose(evidence: readonly Evidence[], ids: readonly string[]): string[] {
  const worst = ids.map((id) => worstBehind(evidence, id));
  const most = Math.min(...worst) * (1 + LOSS_SLACK);
  return ids.filter((_, index) => worst[index]! <= most);
}

/** The candidates that a step leaves: all of them where it would leave nobody. */
function narrow(candidates: readonly Candidate[], keeps: (candidate: Candidate) => boolean): readonly Candidate[] {
  const kept = candidates.filter(keeps);
  return kept.length === 0 ? candidates : kept;
}

/** Those that use the least memory in the worst of the cases, and what comes near. Only what was counted exactly speaks. */
function leastMemory(candidates: readonly Candidate[], memory: readonly Evidence[]): readonly Candidate[] {
  const exact = memory.filter(({ metric }) => metric.exact === true);
  const worst = ({ id }: Candidate): number =>
    Math.max(1, ...exact.flatMap(({ placings }) => placings.find(({ row }) => row.subject === id)?.ratio ?? []));
  const least = Math.min(...candidates.map(worst));
  return candidates.filter((candidate) => worst(candidate) <= least + MEMORY_SLACK);
}

function breakTies(
  leaders: readonly Candidate[],
  supporting: readonly Evidence[],
  tail: readonly Evidence[],
  memory: readonly Evidence[],
): TieBreaker[] {
  const steps: TieBreaker[] = [];
  let left = leaders;
  const step = (by: string, short: string, next: readonly Candidate[]): void => {
    if (left.length === 1 || next.length === left.length) return;
    left = next;
    steps.push({ by, short, left: left.map(({ id }) => id) });
  };
  const byData = (by: string, short: string, evidence: readonly Evidence[]): void => {
    const kept = leastToLose(
      evidence,
      left.map(({ id }) => id),
    );
    step(
      by,
      short,
      left.filter(({ id }) => kept.includes(id)),
    );
  };
  byData('least to lose in the other scenarios', 'least to lose elsewhere', supporting);
  byData('least to lose in the tail of latencies', 'shorter tail', tail);
  for (const { by, short, has } of CAPABILITY_ORDER)
    step(
      by,
      short,
      narrow(left, ({ capabilities }) => has(capabilities)),
    );
  const slack = `within ${MEMORY_SLACK * 100} % of the least memory`;
  step(slack, slack, leastMemory(left, memory));
  const least = Math.min(...left.map(zspageBytes));
  step(
    `fewest bytes for each zspage (${least})`,
    `${least} bytes a zspage`,
    left.filter((candidate) => zspageBytes(candidate) === least),
  );
  return steps;
}

function caveatsOf(report: Report, needs: Needs, evidence: readonly Evidence[]): string[] {
  const rounds = evidence.flatMap(({ placings }) => placings.map(({ row }) => row.rounds.length));
  const { cores, limits } = report.environment;
  const share = othersShareOf(report.environment);
  return [
    ...new Set([
      ...(report.checks.passed ? [] : ['the report has failed checks: trust no figure of it']),
      ...evidence.flatMap(({ gaps }) => gaps),
      ...(rounds.length > 0 && !evidence.some(({ placings }) => couldProve(placings))
        ? [`${Math.min(...rounds)} rounds: too few to prove a difference among several strategies`]
        : []),
      ...(share > BUSY_SHARE_MAX ? [`others used ${Math.round(share * 100)} % of the processors`] : []),
      ...(needs.workers !== null && needs.workers > cores
        ? [`${needs.workers} workers on ${cores} cores are oversubscription: with more cores it may be different`]
        : []),
      ...limits,
    ]),
  ];
}

/** Names a strategy. Blocks: no. */
export function recommend(report: Report, needs: Needs, candidates: readonly Candidate[]): Recommendation {
  const exclusions = candidates.flatMap((candidate) => exclusionOf(candidate, needs) ?? []);
  const able = candidates.filter(({ id }) => !exclusions.some((exclusion) => exclusion.id === id));
  const ids = able.map(({ id }) => id);
  const all = evidenceFor(report, needs.aim, needs, ids);
  const primary = all.filter(({ info }) => info.id === all[0]!.info.id);
  const supporting = all.filter(({ info }) => info.id !== all[0]!.info.id);
  const measured = able.filter(({ id }) =>
    primary.some(({ placings }) => placings.some(({ row }) => row.subject === id)),
  );
  const unmeasured = able.filter((candidate) => primary.length > 0 && !measured.includes(candidate));
  const pool = measured.length > 0 ? measured : able;
  const leaderIds = leastBehind(
    primary,
    pool.map(({ id }) => id),
  );
  const leaders = pool.filter(({ id }) => leaderIds.includes(id));
  const isDecided = leaders.length === 1 && timesBehind(primary, leaderIds[0]!) === 0;
  const tail = needs.aim === 'tail' ? [] : evidenceFor(report, 'tail', needs, ids).slice(0, primary.length);
  const tieBreakers =
    leaders.length > 1 ? breakTies(leaders, supporting, tail, evidenceFor(report, 'memory', needs, ids)) : [];
  const last = tieBreakers.at(-1)?.left ?? leaders.map(({ id }) => id);
  return {
    needs,
    choice: last[0] ?? null,
    decidedBy: able.length <= 1 ? 'capabilities' : isDecided ? 'data' : 'open',
    leaders: leaderIds,
    tieBreakers,
    evidence: primary,
    supporting,
    exclusions: [...exclusions, ...unmeasured.map(({ id }) => ({ id, why: 'the report does not measure it here' }))],
    caveats: caveatsOf(report, needs, primary),
  };
}
