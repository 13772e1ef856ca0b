import { expect, it } from 'vitest';
import { EXPECTED, strategies } from './strategies.ts';

it.each(Object.entries(EXPECTED))('%s exports its strategies, and no test leaves one out', (module, names) => {
  const found = strategies.filter((known) => known.module === module);
  expect(found.map(({ name }) => name).toSorted()).toEqual([...names].toSorted());
  expect(found.map(({ strategy }) => strategy.id).toSorted()).toEqual([...names].toSorted());
});
