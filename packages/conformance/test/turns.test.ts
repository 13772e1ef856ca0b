import { expect, it } from 'vitest';
import { asTurn, withTurns } from '../src/model/turns.ts';

it('runs what is put off to the end of a turn when its code has returned, in order', () => {
  const seen: string[] = [];
  const settled = Promise.resolve();
  withTurns(() =>
    asTurn(() => {
      queueMicrotask(() => {
        seen.push('microtask');
        queueMicrotask(() => seen.push('later'));
      });
      void settled.then(() => seen.push('then'));
      seen.push('code');
    }),
  );
  expect(seen).toEqual(['code', 'microtask', 'then', 'later']);
});

it('keeps turns apart that are entered on top of each other', () => {
  const seen: string[] = [];
  withTurns(() =>
    asTurn(() => {
      queueMicrotask(() => seen.push('outer'));
      asTurn(() => queueMicrotask(() => seen.push('inner')));
      seen.push('code');
    }),
  );
  expect(seen).toEqual(['inner', 'code', 'outer']);
});

it('drops what a turn has put off that is left by a throw', () => {
  const seen: string[] = [];
  const leave = (): void =>
    withTurns(() =>
      asTurn(() => {
        queueMicrotask(() => seen.push('never'));
        throw new Error('left');
      }),
    );
  expect(leave).toThrowError('left');
  expect(seen).toEqual([]);
});

it('stops clocks and luck inside, and puts everything back', () => {
  const { queueMicrotask: before } = globalThis;
  const inside = withTurns(() => asTurn(() => [performance.now(), Date.now(), Math.random()]));
  expect(inside).toEqual([0, 0, 0.5]);
  expect(globalThis.queueMicrotask).toBe(before);
  expect(Date.now()).toBeGreaterThan(0);
});
