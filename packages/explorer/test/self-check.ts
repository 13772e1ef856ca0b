// Is the reduction sound? Random small programs: the unreduced search and the reduced one must reach the same outcomes.

import { explore, exploreAsync, exploreFaulty } from '../dist/explore.js';
import { ModelMemory } from '../dist/model-memory.js';
import { type ExploreOptions, type ThreadContext, type TimeoutPolicy } from '../dist/options.js';
import { Random } from '../dist/random.js';
import { type ExploreResult } from '../dist/result.js';
import { type ReductionFault } from '../dist/source-dpor.js';

/** One instruction: an opcode, one of two words, a small value. */
type Instruction = readonly [opcode: number, word: number, value: number];

const OPCODES = 15;
/** Programs with more interleavings are skipped: about 1 in 10, and the rest leaves time for more programs. */
const EXECUTIONS_MAX = 800;

export interface RandomProgram {
  readonly threads: readonly (readonly Instruction[])[];
  readonly isSymmetric: boolean;
  readonly timeouts: TimeoutPolicy;
}

export function randomProgram(random: Random): RandomProgram {
  const threadCount = 2 + random.below(2);
  const length = (): number => 1 + random.below(threadCount === 2 ? 5 : 3);
  const isSymmetric = random.below(6) === 0;
  const body = (): Instruction[] =>
    Array.from({ length: length() }, () => [random.below(OPCODES), random.below(2), random.below(3)] as const);
  const first = body();
  const timeouts = random.pick(['rescue', 'last-resort', 'any'] as const);
  return { threads: Array.from({ length: threadCount }, () => (isSymmetric ? first : body())), isSymmetric, timeouts };
}

function step(words: Int32Array, [opcode, word, value]: Instruction, context: ThreadContext): unknown {
  switch (opcode) {
    case 0:
    case 1:
      return Atomics.load(words, word);
    case 2:
      return Atomics.store(words, word, value);
    case 3:
      return Atomics.add(words, word, value + 1);
    case 4:
    case 5:
      return Atomics.compareExchange(words, word, value, value + 1);
    case 6:
      return Atomics.wait(words, word, value);
    case 7:
      return Atomics.notify(words, word, 1);
    case 8:
      while (Atomics.load(words, word) === value) Atomics.pause();
      return 'seen';
    case 9: // A loop over two words, with a pause.
      while (Atomics.load(words, word) === value && Atomics.load(words, 1 - word) === value) Atomics.pause();
      return 'left';
    case 10: // A spin without a pause.
      for (let turn = 0; Atomics.load(words, word) === value; turn++) if (turn === 6) return 'gave up';
      return 'went on';
    case 11: // A retry loop without a pause.
      while (Atomics.compareExchange(words, word, value, value + 1) !== value)
        if (Atomics.load(words, 1 - word) === 2) return 'no';
      return 'took';
    case 12:
      return Atomics.exchange(words, word, value);
    case 13:
      return Atomics.wait(words, word, value, 1);
    default:
      return context.ghost((log) => void (log as number[]).push(context.id));
  }
}

/** Options under which a program's outcomes end up in `found`: how it ended, what each thread got, the final memory. */
function collecting(program: RandomProgram, found: Set<string>): ExploreOptions {
  const memory = new ModelMemory(8);
  return {
    memory,
    ghost: () => [],
    threads: program.threads.map((code) => (context) => code.map((i) => step(memory.int32, i, context)).join()),
    timeouts: program.timeouts,
    spinReads: 2,
    maxExecutions: EXECUTIONS_MAX,
    onOutcome: ({ ending, results, blocked, ghost }) => {
      const ends = results.map((result, id) => {
        const block = blocked.find((b) => b.startsWith(`T${id} `))?.slice(3) ?? '';
        return `${String(result)}/${block}`;
      });
      // Threads of a symmetric program are interchangeable, so only the collection of their results counts.
      if (program.isSymmetric) ends.sort();
      const order = program.isSymmetric ? '' : (ghost as number[]).join('');
      found.add([ending, ...ends, order, [...memory.int32].join()].join(' | '));
    },
  };
}

function toOutcomes(found: Set<string>, { isComplete, executions, pruned }: ExploreResult): Outcomes {
  return { found, isComplete, executions: executions + pruned };
}

export function outcomes(program: RandomProgram, options: Partial<ExploreOptions>, fault?: ReductionFault): Outcomes {
  const found = new Set<string>();
  const all = { ...collecting(program, found), ...options };
  return toOutcomes(found, fault === undefined ? explore(all) : exploreFaulty(all, fault));
}

/** The same, with threads driven as async ones. */
export async function outcomesAsync(program: RandomProgram): Promise<Outcomes> {
  const found = new Set<string>();
  return toOutcomes(found, await exploreAsync(collecting(program, found)));
}

export interface Outcomes {
  readonly found: ReadonlySet<string>;
  readonly isComplete: boolean;
  readonly executions: number;
}

/** Outcomes only one of the two searches reaches. */
export function difference(a: Outcomes, b: Outcomes): string[] {
  return [...a.found]
    .filter((o: string) => !b.found.has(o))
    .concat([...b.found].filter((o: string) => !a.found.has(o)));
}

export interface SelfCheck {
  readonly compared: number;
  readonly skipped: number;
  readonly mismatches: readonly string[];
  readonly unreducedExecutions: number;
  readonly reducedExecutions: number;
}

/** What the search with all its reductions reaches. */
export function reducedOutcomes(program: RandomProgram, fault?: ReductionFault): Outcomes {
  const symmetric = program.isSymmetric ? { symmetric: [program.threads.map((_, id) => id)] } : {};
  return outcomes(program, symmetric, fault);
}

/** Compares both searches on `count` random programs, or until `stopAfter` of them have differed. */
export function selfCheck(
  seed: number,
  count: number,
  fault?: ReductionFault,
  stopAfter: number = Infinity,
): SelfCheck {
  const random = new Random(seed);
  const mismatches: string[] = [];
  let compared = 0;
  let skipped = 0;
  let unreducedExecutions = 0;
  let reducedExecutions = 0;
  for (let i = 0; i < count && mismatches.length < stopAfter; i++) {
    const program = randomProgram(random);
    const unreduced = outcomes(program, { mode: 'unreduced' });
    if (!unreduced.isComplete) {
      skipped++;
      continue;
    }
    const reduced = reducedOutcomes(program, fault);
    compared++;
    unreducedExecutions += unreduced.executions;
    reducedExecutions += reduced.executions;
    const differing = difference(unreduced, reduced);
    if (differing.length > 0)
      mismatches.push(`program ${i} of seed ${seed}: ${JSON.stringify(program)}: ${differing[0]}`);
  }
  return { compared, skipped, mismatches, unreducedExecutions, reducedExecutions };
}
