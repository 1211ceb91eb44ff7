import { describe, expect, test } from 'vitest';
import { parseLabArguments } from './arguments.ts';

describe('the lab command line', () => {
  const plain = {
    command: 'up',
    dir: 'x',
    sizeMb: 0,
    tablespace: false,
    archiving: 'streaming',
    backupMethod: 'postgres',
    walCompression: 'none',
    barman: 'system',
  };

  test("up takes a directory, and by default streams to the machine's Barman without filler or tablespace", () => {
    expect(parseLabArguments(['up', '--dir', 'x'])).toEqual(plain);
  });

  test('up takes a size and a tablespace in any order', () => {
    const expected = { ...plain, sizeMb: 200, tablespace: true };
    expect(parseLabArguments(['--tablespace', '--size=200', 'up', '--dir=x'])).toEqual(expected);
  });

  test('up takes the ways in which Barman protects the server, together', () => {
    const args = ['--archiving', 'both', '--backup-method=rsync', '--wal-compression', 'lz4', '--barman=3.13'];
    const expected = { ...plain, archiving: 'both', backupMethod: 'rsync', walCompression: 'lz4', barman: '3.13' };
    expect(parseLabArguments(['up', '--dir=x', ...args])).toEqual(expected);
  });

  test('down takes only a directory', () => {
    expect(parseLabArguments(['down', '--dir', 'x'])).toEqual({ command: 'down', dir: 'x' });
    expect(() => parseLabArguments(['down', '--dir', 'x', '--size', '1'])).toThrow('down takes only --dir');
    expect(() => parseLabArguments(['down', '--dir', 'x', '--barman', '3.13'])).toThrow('down takes only --dir');
  });

  test.each([
    [[], 'a command is missing'],
    [['restart', '--dir', 'x'], "there is no command 'restart'"],
    [['up'], '--dir DIR is missing'],
    [['up', '--dir', ''], '--dir DIR is missing'],
    [['up', 'x', '--dir', 'y'], "'x' is one argument too many"],
    [['up', '--dir', 'x', '--size', '-1'], '--size'],
    [['up', '--dir', 'x', '--size', '1GB'], "--size '1GB' is not a whole number"],
    [['up', '--dir', 'x', '--archiving', 'none'], "--archiving 'none' is not one of streaming, archive_command, both"],
    [['up', '--dir', 'x', '--wal-compression', 'pigz'], "--wal-compression 'pigz' is not one of none, gzip"],
    [['up', '--dir', 'x', '--barman', '3.4'], "--barman '3.4' is not one of system, 3.13"],
    [['up', '--dir', 'x', '--force'], "Unknown option '--force'"],
  ])('%j is refused with its reason and the usage', (args, reason) => {
    expect(() => parseLabArguments(args)).toThrow(reason);
    expect(() => parseLabArguments(args)).toThrow('usage: npm run lab');
  });
});
