import { describe, expect, it } from 'vitest';
import { ArgumentError, DEFAULTS, FULL, HELP, QUICK, parseArguments } from '../src/arguments.ts';
import { DEFAULT_IDS, SCENARIO_IDS } from '../src/scenarios/index.ts';
import { WIDTH_MAX } from '../src/table.ts';

describe('parseArguments', () => {
  it('has defaults for everything', () => {
    expect(parseArguments([])).toMatchObject({
      rounds: DEFAULTS.rounds,
      seconds: DEFAULTS.seconds,
      budgetSeconds: null,
      scenarios: DEFAULT_IDS,
      strategies: [],
      workers: [],
      quick: false,
      full: false,
    });
  });

  it('reads flags, and sorts lists', () => {
    const argv = ['--workers', '4,1', '--rounds=2', '--seconds', '0.5', '--seed', '7', '--strategies', 'spin,bigLock'];
    expect(parseArguments([...argv, '--input', 'a', '--input', 'b'])).toMatchObject({
      workers: [1, 4],
      rounds: 2,
      seconds: 0.5,
      seed: 7,
      strategies: ['bigLock', 'spin'],
      inputs: ['a', 'b'],
    });
  });

  it('has no budget where rounds are asked for, unless both are', () => {
    expect(parseArguments(['--rounds', '5'])).toMatchObject({ budgetSeconds: null });
    expect(parseArguments(['--rounds', '5', '--budget', '60'])).toMatchObject({ rounds: 5, budgetSeconds: 60 });
  });

  it('has profiles, which flags overrule', () => {
    expect(parseArguments(['--quick'])).toMatchObject({ rounds: QUICK.rounds, quick: true, waitSeconds: 0 });
    expect(parseArguments(['--quick', '--rounds', '3'])).toMatchObject({ rounds: 3, quick: true });
    expect(parseArguments(['--full'])).toMatchObject({
      seconds: FULL.seconds,
      budgetSeconds: FULL.budgetSeconds,
      full: true,
    });
    expect(parseArguments(['--full'])).toMatchObject({ scenarios: SCENARIO_IDS });
    expect(parseArguments(['--scenarios', 'metadata'])).toMatchObject({ scenarios: ['metadata'] });
  });

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
    [['--budget', '1'], '--budget must be a number from 10 to 86400, not "1".'],
    [['--seed', '-1'], /--seed/],
    [['--strategies', 'spin,magic'], /^--strategies does not know "magic"; it knows bigLock, spin,/],
    [['--scenarios', 'all'], /^--scenarios does not know "all"; it knows preempted,/],
    [['--quick', '--full'], '--quick and --full exclude each other.'],
    [['--fast'], "Unknown option '--fast'."],
    [['fast'], 'there is no command "fast".'],
    [['--rounds'], /--rounds/],
  ])('refuses %j', (argv, message) => {
    expect(() => parseArguments(argv)).toThrow(ArgumentError);
    expect(() => parseArguments(argv)).toThrow(message);
  });
});

it('fits its help into a terminal', () => {
  for (const line of HELP.split('\n')) expect(line.length, line).toBeLessThanOrEqual(WIDTH_MAX);
});
