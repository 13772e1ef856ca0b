import { describe, expect, it } from 'vitest';
import { ArgumentError, DEFAULTS, HELP, parseArguments } from '../src/arguments.ts';
import { WIDTH_MAX } from '../src/table.ts';

describe('parseArguments', () => {
  it('has defaults for everything', () => {
    expect(parseArguments([])).toMatchObject({ ...DEFAULTS, strategies: [], quick: false });
  });

  it('reads flags, and sorts lists', () => {
    const argv = ['--workers', '4,1', '--rounds=2', '--seconds', '0.5', '--seed', '7', '--strategies', 'spin,bigLock'];
    expect(parseArguments(argv)).toMatchObject({
      workers: [1, 4],
      rounds: 2,
      seconds: 0.5,
      seed: 7,
      strategies: ['bigLock', 'spin'],
    });
  });

  it('lets a flag overrule --quick', () =>
    expect(parseArguments(['--quick', '--rounds', '3'])).toMatchObject({ rounds: 3, workers: [1, 2], quick: true }));

  it('skips the "--" that a package manager passes on', () =>
    expect(parseArguments(['--', '--quick'])).toMatchObject({ quick: true }));

  it('gives help before anything else', () => expect(parseArguments(['--help', '--rounds', '1'])).toBe('help'));

  it.each([
    [['--workers', '0'], '--workers must be a whole number from 1 to 32, not "0".'],
    [['--workers', '1,1'], '--workers names an item twice: "1,1".'],
    [['--workers', ''], '--workers must be a list like a,b without empty items, not "".'],
    [['--rounds', '1.5'], '--rounds must be a whole number from 1 to 100, not "1.5".'],
    [['--rounds', ''], '--rounds must be a whole number from 1 to 100, not "".'],
    [['--seconds', 'soon'], '--seconds must be a number from 0.02 to 60, not "soon".'],
    [['--seed', '-1'], /--seed/],
    [['--pages', '1'], '--pages must be a whole number from 64 to 65536, not "1".'],
    [['--strategies', 'spin,magic'], /^--strategies does not know "magic"; it knows bigLock, spin,/],
    [['--sections', 'all'], '--sections does not know "all"; it knows replay, micro, memory.'],
    [['--fast'], "Unknown option '--fast'."],
    [['fast'], /^Unexpected argument 'fast'/],
    [['--rounds'], /--rounds/],
  ])('refuses %j', (argv, message) => {
    expect(() => parseArguments(argv)).toThrow(ArgumentError);
    expect(() => parseArguments(argv)).toThrow(message);
  });
});

it('fits its help into a terminal', () => {
  for (const line of HELP.split('\n')) expect(line.length).toBeLessThanOrEqual(WIDTH_MAX);
});
