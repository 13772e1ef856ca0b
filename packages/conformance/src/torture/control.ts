// The words by which a crew and its agents talk: shared memory beside the pool's, so that a hung agent can be looked at.

/** Word indexes. */
export const CONTROL = {
  /** 1: agents end. */
  stop: 0,
  /** 1: agents park here, and go on together when it is 0 again. */
  stutter: 1,
  /** Agents with a greater number sleep. */
  active: 2,
  /** Agents that are ready, and the word that starts them. */
  ready: 3,
  start: 4,
  /** For a role: which stage it is in, and a barrier. */
  stage: 5,
  inside: 6,
  /** What an agent has shown to the others. */
  current: 7,
} as const;

/** Agents a crew can have. */
export const CREW_MAX = 64;
/** Per agent: what it is doing just now, as a number of DOING. */
export const DOING_BASE = 64;
/** Per agent: how much it has done. */
export const DONE_BASE: number = DOING_BASE + CREW_MAX + 1;
/** Words of a table of handles, for pools. */
export const TABLE_BASE: number = DONE_BASE + CREW_MAX + 1;
export const TABLE_SLOTS = 64;
export const CONTROL_WORDS: number = TABLE_BASE + TABLE_SLOTS * 2;

/** What agents do, as the words say it. */
export const DOING = [
  'on its own way',
  'in lock of a class',
  'in tryLock',
  'in a nest of class, handles and pages lock',
  'in lockClassOf',
  'in a read',
  'in a hold',
  'in a write',
  'in a move',
  'in malloc',
  'in free',
  'in reclaim',
  'in detach or bind',
  'in compact',
  'in migratePage',
  'asleep, as it should be',
] as const;

export type Doing = (typeof DOING)[number];

const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Lets other agents run: what a preemption would do. */
export function sleep(ms: number): void {
  Atomics.wait(nobody, 0, 0, ms);
}

/** An agent's side of the control words. */
export class Control {
  readonly words: Int32Array;
  private readonly index: number;

  constructor(words: Int32Array, index: number) {
    this.words = words;
    this.index = index;
  }

  get stopped(): boolean {
    return Atomics.load(this.words, CONTROL.stop) === 1;
  }

  /** Says that this agent is ready, and waits for the others. */
  awaitStart(): void {
    Atomics.add(this.words, CONTROL.ready, 1);
    Atomics.wait(this.words, CONTROL.start, 0);
  }

  /** Parks while the crew stutters, or this agent is not among the active ones. */
  stutter(): void {
    while (!this.stopped) {
      if (Atomics.load(this.words, CONTROL.stutter) === 1) {
        this.doing(DOING.length - 1);
        Atomics.wait(this.words, CONTROL.stutter, 1, 50);
      } else {
        const active = Atomics.load(this.words, CONTROL.active);
        if (this.index <= active) break;
        this.doing(DOING.length - 1);
        Atomics.wait(this.words, CONTROL.active, active, 50);
      }
    }
    this.doing(0);
  }

  /** Plain: it is looked at when nothing moves any more. */
  doing(what: number): void {
    this.words[DOING_BASE + this.index] = what;
  }

  done(count: number): void {
    this.words[DONE_BASE + this.index] = count;
  }
}
