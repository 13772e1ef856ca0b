// The matrix protocol under every schedule: whatever the interleaving, at least one agent finds a cycle.

import { ModelMemory, assertProved, explore } from '@zsmalloc/explorer';
import type { ExploreResult } from '@zsmalloc/explorer';
import { describe, expect, it } from 'vitest';
import { EdgeLog } from '../src/edge-log.ts';
import { OrderGraph } from '../src/order-graph.ts';
import { EDGE, EDGES_MAX, NODES_MAX, ROW_WORDS, SITE, SITES_MAX } from '../src/records.ts';
import { SiteTable } from '../src/site-table.ts';

const NODES = 4;
const MATRIX_WORDS = NODES_MAX * ROW_WORDS;
const COUNT = MATRIX_WORDS;
const SITE_COUNT = COUNT + 1;
const EDGES = COUNT + 2;
const SITES = EDGES + EDGES_MAX * EDGE.words;
const WORDS = SITES + SITES_MAX * SITE.words;

type Edge = readonly [held: number, wanted: number];

/** Adds edges in the order of an agent, and returns whether it found a way back. */
type Insert = (graph: OrderGraph, log: EdgeLog, edge: Edge, agent: number) => boolean;

const insert: Insert = (graph, log, [held, wanted], agent) => {
  if (!graph.has(held, wanted)) log.record(held, wanted, { agent, heldPlace: 1, wantedPlace: 2 });
  graph.add(held, wanted);
  const path = graph.findPath(wanted, held);
  if (path === undefined) return false;
  for (const [at, node] of path.slice(1).entries()) {
    // Who finds an edge finds who made it.
    const edge = log.find(path[at], node);
    if (edge === undefined || edge.heldPlace !== 1 || edge.wantedPlace !== 2) throw new Error('an edge without record');
  }
  return true;
};

/** Searches first: two agents can both miss the other's edge. */
const searchFirst: Insert = (graph, log, [held, wanted], agent) => {
  const found = graph.findPath(wanted, held) !== undefined;
  log.record(held, wanted, { agent, heldPlace: 1, wantedPlace: 2 });
  graph.add(held, wanted);
  return found;
};

/** Shows an edge before it is recorded. */
const recordLast: Insert = (graph, log, [held, wanted], agent) => {
  graph.add(held, wanted);
  const path = graph.findPath(wanted, held);
  for (const [at, node] of (path ?? []).slice(1).entries()) {
    if (log.find(path![at], node) === undefined) throw new Error('an edge without record');
  }
  log.record(held, wanted, { agent, heldPlace: 1, wantedPlace: 2 });
  return path !== undefined;
};

function run(how: Insert, ...agents: (readonly Edge[])[]): ExploreResult {
  return explore({
    memory: new ModelMemory(WORDS * 4),
    threads: agents.map((edges) => ({ memory: { int32 }, id }: { memory: ModelMemory; id: number }): boolean => {
      const graph = new OrderGraph(int32, 0, NODES);
      const log = new EdgeLog(int32, COUNT, EDGES);
      return edges.map((edge) => how(graph, log, edge, id + 1)).includes(true);
    }),
    check: ({ results }) => {
      if (!results.includes(true)) throw new Error('nobody has found the cycle');
    },
  });
}

describe('the dependency matrix', () => {
  it('lets at least one of two agents find the cycle that they make, in every schedule', () => {
    assertProved(run(insert, [[0, 1]], [[1, 0]]));
  });

  it('lets at least one of three agents find a cycle of three, in every schedule', () => {
    assertProved(run(insert, [[0, 1]], [[1, 2]], [[2, 0]]));
  });

  it('finds a cycle of edges that two agents make two each of, in every schedule', () => {
    const one: Edge[] = [
      [0, 1],
      [2, 3],
    ];
    const two: Edge[] = [
      [1, 2],
      [3, 0],
    ];
    assertProved(run(insert, one, two));
  });

  it('would miss a cycle if an agent searched before it adds', () => {
    const result = run(searchFirst, [[0, 1]], [[1, 0]]);
    expect(result.verdict).toBe('failed');
    expect(result.report).toContain('nobody has found the cycle');
  });

  it('would find edges of unknown origin if they were recorded late', () => {
    expect(run(recordLast, [[0, 1]], [[1, 0]]).report).toContain('an edge without record');
  });

  it('reports no cycle where there is none', () => {
    const result = run(insert, [[0, 1]], [[0, 1]]);
    expect(result.report).toContain('nobody has found the cycle');
  });
});

describe('the table of call sites', () => {
  const program = (texts: readonly string[]): ExploreResult =>
    explore({
      memory: new ModelMemory(WORDS * 4),
      threads: texts.map((text) => ({ memory: { int32 } }: { memory: ModelMemory }) => {
        const table = new SiteTable(int32, SITE_COUNT, SITES);
        const site = table.intern(text);
        if (table.textOf(site) !== text) throw new Error(`read ${table.textOf(site)} for ${text}`);
        return site;
      }),
      check: ({ results }) => {
        if (texts[0] !== texts[1] && results[0] === results[1]) throw new Error('two texts with one number');
      },
    });

  it('keeps texts whole and apart, in every schedule', () => {
    assertProved(program(['a.js:1', 'b.js:2 < ü.js:3']));
  });

  it('takes the same text from two agents, in every schedule', () => {
    assertProved(program(['same.js:1', 'same.js:1']));
  });
});
