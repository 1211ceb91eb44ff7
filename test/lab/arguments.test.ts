import { describe, expect, test } from 'vitest';
import { parseLabArguments } from './arguments.ts';

describe('the lab command line', () => {
  test('up takes a directory, and by default no filler and no tablespace', () => {
    expect(parseLabArguments(['up', '--dir', 'x'])).toEqual({ command: 'up', dir: 'x', sizeMb: 0, tablespace: false });
  });

  test('up takes a size and a tablespace in any order', () => {
    const expected = { command: 'up', dir: 'x', sizeMb: 200, tablespace: true };
    expect(parseLabArguments(['--tablespace', '--size=200', 'up', '--dir=x'])).toEqual(expected);
  });

  test('down takes only a directory', () => {
    expect(parseLabArguments(['down', '--dir', 'x'])).toEqual({ command: 'down', dir: 'x' });
    expect(() => parseLabArguments(['down', '--dir', 'x', '--size', '1'])).toThrow('down takes only --dir');
  });

  test.each([
    [[], 'a command is missing'],
    [['restart', '--dir', 'x'], "there is no command 'restart'"],
    [['up'], '--dir DIR is missing'],
    [['up', '--dir', ''], '--dir DIR is missing'],
    [['up', 'x', '--dir', 'y'], "'x' is one argument too many"],
    [['up', '--dir', 'x', '--size', '-1'], '--size'],
    [['up', '--dir', 'x', '--size', '1GB'], "--size '1GB' is not a whole number"],
    [['up', '--dir', 'x', '--force'], "Unknown option '--force'"],
  ])('%j is refused with its reason and the usage', (args, reason) => {
    expect(() => parseLabArguments(args)).toThrow(reason);
    expect(() => parseLabArguments(args)).toThrow('usage: npm run lab');
  });
});
