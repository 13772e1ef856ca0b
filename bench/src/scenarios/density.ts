// Q4, density: the object stream for which a real kernel's figures are known.

import { CheckError } from '../checks.ts';
import { KERNEL_STEPS, isAsDenseAsFitted, isAsDenseAsKernel, ratiosOf, runDensity } from '../density.ts';
import type { Classes } from '../density.ts';
import type { ScenarioInfo } from '../model/measurement.ts';
import type { Row } from '../model/row.ts';
import type { Answer, Job, RunOptions, Scenario } from '../model/scenario.ts';
import { loadStrategy, strategyIdOf } from '../strategies.ts';

const ID = 'density';
const JOB_SECONDS = 1;
const CLASSES: readonly Classes[] = ['kernel', 'fitted'];
const percent = (share: number): number => Math.round(share * 100);

function describe(_options: RunOptions): ScenarioInfo {
  return {
    id: ID,
    title: "Density: a real object stream, against a real kernel's zsmalloc",
    question: 'Q4',
    description:
      'Stores the 24,153 page sizes of bench/data, frees them in the recorded order and compacts after each step. Every object is ' +
      'read back after every step, and no step may use more than the kernel did. Classes "kernel" are the default; "fitted" are what ' +
      'fitClasses gives for the objects that are left at the last step. Exact: one round says it all.',
    metrics: [
      { id: 'overhead', label: 'used / stored after compaction', unit: 'ratio', better: 'lower', exact: true },
      { id: 'overheadInUse', label: 'with the metadata in use', unit: 'ratio', better: 'lower', exact: true },
      { id: 'overheadWhole', label: 'with all tables counted whole', unit: 'ratio', better: 'lower', exact: true },
      { id: 'overheadBefore', label: 'used / stored before compaction', unit: 'ratio', better: 'lower', exact: true },
      { id: 'kernelOverhead', label: "the kernel's, its metadata not counted", unit: 'ratio', better: 'neither' },
      { id: 'metadataBytes', label: 'metadata', unit: 'bytes', better: 'lower', exact: true },
      { id: 'compactMs', label: 'compaction (one look)', unit: 'ms', better: 'lower' },
    ],
    parameters: [
      { id: 'classes', label: 'classes', values: CLASSES },
      { id: 'freed', label: 'freed, %', values: KERNEL_STEPS.map(({ freedShare }) => percent(freedShare)) },
    ],
    baseline: null,
    limits: [
      'one stream: the pages of one Node binary under LZ4',
      'one agent: nobody reads while it compacts',
      'tables are sized for the whole buffer, of 62 MiB here, when the pool is created: a larger buffer has larger ones',
    ],
  };
}

function jobs({ strategyIds }: RunOptions, round: number, seed: number): Job[] {
  if (round > 0) return [];
  return strategyIds.map((subject) => ({ scenario: ID, subject, seed, plan: {}, seconds: JOB_SECONDS }));
}

async function measure({ subject }: Job): ReturnType<Scenario['measure']> {
  const strategy = await loadStrategy(strategyIdOf(subject));
  return CLASSES.flatMap((classes) => {
    const steps = runDensity(strategy, classes);
    if (!isAsDenseAsKernel(steps) || (classes === 'fitted' && !isAsDenseAsFitted(steps))) {
      const ratios = steps.map(ratiosOf).map(({ overhead, overheadInUse }) => `${overhead} (${overheadInUse})`);
      throw new CheckError(
        `density of ${subject}, ${classes} classes: used / stored, and with the metadata in use, of ${ratios.join(', ')} exceed a bound of bench/src/density.ts.`,
      );
    }
    return steps.map((step, index) => ({
      scenario: ID,
      subject,
      parameters: { classes, freed: percent(step.freedShare) },
      metrics: {
        ...ratiosOf(step),
        kernelOverhead: KERNEL_STEPS[index]!.used / KERNEL_STEPS[index]!.stored,
        metadataBytes: step.bytesMetadata,
        compactMs: step.compactMs,
      },
      histograms: {},
      verified: { objects: step.objectsVerified, bytes: step.bytesStored, pools: 1 },
    }));
  });
}

function answer(rows: readonly Row[]): Answer {
  const own = rows.filter(({ metric }) => metric === 'overhead');
  const strategies = new Set(own.map(({ subject }) => subject)).size;
  const worst = own.reduce((most, row) => (row.value.median > most.value.median ? row : most));
  const worstOf = (id: string, classes: Classes): string =>
    KERNEL_STEPS.map(({ freedShare }) => {
      const at = rows.filter(
        ({ metric, parameters }) =>
          metric === id && parameters['classes'] === classes && parameters['freed'] === percent(freedShare),
      );
      return Math.max(...at.map(({ value }) => value.median)).toFixed(3);
    }).join(', ');
  return {
    scenario: ID,
    text:
      `All ${strategies} strategies pack the stream at least as densely as the kernel did at every step; the most they use is ` +
      `${worst.value.median.toFixed(3)} bytes for each byte stored (${worst.subject}, ${worst.parameters['classes']} classes, ${worst.parameters['freed']} % freed). ` +
      `At 0, 50, 75 and 90 % freed, the worst strategy with the kernel's classes: ${worstOf('overhead', 'kernel')} without metadata, ` +
      `${worstOf('overheadInUse', 'kernel')} with what is in use of it, ${worstOf('overheadWhole', 'kernel')} with all tables whole; ` +
      `with classes fitted to what is left at last: ${worstOf('overhead', 'fitted')}; ${worstOf('overheadInUse', 'fitted')}; ` +
      `${worstOf('overheadWhole', 'fitted')}; the kernel, without its metadata: ${worstOf('kernelOverhead', 'kernel')}.`,
    verdict: 'proved',
    caveats: ['one object stream; denser or sparser ones differ'],
  };
}

export const scenario: Scenario = { describe, jobs, measure, answer };
