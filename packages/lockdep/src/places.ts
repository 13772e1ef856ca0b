// Where in the program locks are taken.
//
// A stack costs some µs, much more than a lock. So only an agent's first acquisitions and then one in many have their own
// stack captured. Any other is known by the stack of the first one with the same operation and lock that was as nested (in
// something or in nothing), and a report says so. Frames are turned into text only for a report, or for other agents to
// read.

import { OPERATIONS, placeOf } from './operations.ts';
import type { Operation } from './operations.ts';
import type { Node } from './nodes.ts';
import type { SiteTable } from './site-table.ts';

/** Frames of a stack: lockdep's own and core's take up to eight. More cost more. */
const FRAMES_MAX = 12;
/** With 'some': stacks of an agent's first acquisitions, and after them one of so many. */
const STACKS_FIRST = 64;
const STACK_EVERY = 256;
/** Directory of this module; frames show it as a URL or as a path. */
const HERE = decodeURIComponent(new URL('.', import.meta.url).pathname);

/** Where an acquisition was made. */
export interface Place {
  readonly operation: Operation;
  /** Left out when no stacks are captured. */
  readonly stack: Error | undefined;
  /** False: the stack is that of the first such acquisition. */
  readonly exact: boolean;
}

/** See the head of the file. */
export class Places {
  private readonly sites: SiteTable;
  private readonly nodeCount: number;
  private readonly hasStacks: boolean;
  /** By `keyOf`. */
  private readonly firstStacks: (Error | undefined)[];
  private readonly siteNumbers: Int32Array;
  /** Acquisitions that get a stack yet, and then acquisitions until the next that does. */
  private stacksLeft: number;
  private untilNext: number = STACK_EVERY;
  isExact = false;

  constructor(sites: SiteTable, nodeCount: number, stacks: 'some' | 'all' | 'none') {
    this.sites = sites;
    this.nodeCount = nodeCount;
    this.hasStacks = stacks !== 'none';
    this.stacksLeft = stacks === 'all' ? Infinity : STACKS_FIRST;
    const keys = 2 * OPERATIONS.length * nodeCount;
    this.firstStacks = Array.from({ length: keys }, () => undefined);
    this.siteNumbers = new Int32Array(keys);
  }

  /** The stack to remember an acquisition by; `isExact` tells whether it is that of this very call. */
  take(operation: Operation, node: Node, isNested: boolean): Error | undefined {
    const key = this.keyOf(operation, node, isNested);
    const first = this.firstStacks[key];
    this.isExact = this.hasStacks && (first === undefined || this.isChosen());
    if (!this.isExact) return first;
    const stack = capture();
    if (first === undefined) this.remember(key, stack);
    return stack;
  }

  /** The place of a first such acquisition, as a number that other agents can read. Captures it if there is none. */
  shared(operation: Operation, node: Node, isNested: boolean): number {
    if (!this.hasStacks) return placeOf(operation, 0);
    const key = this.keyOf(operation, node, isNested);
    if (this.firstStacks[key] === undefined) this.remember(key, capture());
    return placeOf(operation, this.siteNumbers[key]!);
  }

  private isChosen(): boolean {
    if (this.stacksLeft > 0) {
      this.stacksLeft--;
      return true;
    }
    if (--this.untilNext > 0) return false;
    this.untilNext = STACK_EVERY;
    return true;
  }

  private remember(key: number, stack: Error): void {
    this.firstStacks[key] = stack;
    this.siteNumbers[key] = this.sites.intern(framesOf(stack).map(shortFrame).join(' < '));
  }

  private keyOf(operation: Operation, node: Node, isNested: boolean): number {
    return (operation * 2 + (isNested ? 1 : 0)) * this.nodeCount + node;
  }
}

/** The stack of the caller, for a report. */
export function capture(): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES_MAX;
  const stack = new Error('place');
  Error.stackTraceLimit = limit;
  return stack;
}

/** A place in words, indented for a report. */
export function describePlace({ operation, stack, exact }: Place): string {
  const name = OPERATIONS[operation];
  if (stack === undefined) return `${name} (no stacks are captured)`;
  const how = exact ? 'at' : "first seen at (set stacks: 'all' to see each call)";
  return `${name} ${how}${framesOf(stack)
    .map((frame) => `\n      ${frame}`)
    .join('')}`;
}

/** Frames outside of lockdep, without "at". */
function framesOf({ stack = '' }: Error): string[] {
  return stack
    .split('\n')
    .filter((line) => line.trim() !== '' && line.trim() !== 'Error: place' && !line.includes(HERE))
    .map((line) => line.trim().replace(/^at /, ''));
}

/** Function, file and line of a frame. */
function shortFrame(frame: string): string {
  return frame.replace(/\(?(?:\w+:\/\/)?[^\s()]*\/([^/()\s]+):(\d+):\d+\)?/, '$1:$2');
}
