import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { parseGiven, usageOf, UsageError, type Command } from './command.ts';
import { linesOf } from './lines-of.ts';

const command: Command = {
  words: ['keys', 'create'],
  positionals: ['NAME'],
  options: { role: { value: 'ROLE', required: true }, server: { value: 'SERVER', many: true } },
  says: '',
  run: () => 0,
};

describe('a command line', () => {
  test('gives what was asked for', () => {
    const given = parseGiven(command, ['ada', '--role', 'admin', '--server', 'a', '--server=b']);
    expect([given.positionals, given.one('role'), given.many('server'), given.maybe('x')]).toEqual([
      ['ada'],
      'admin',
      ['a', 'b'],
      undefined,
    ]);
  });

  test.each([
    ['an unknown option', ['ada', '--role', 'x', '--force']],
    ['a missing option', ['ada']],
    ['an option without a value', ['ada', '--role']],
    ['too many words', ['ada', 'bob', '--role', 'x']],
    ['too few words', ['--role', 'x']],
    ['an option that looks like a value', ['ada', '--role', '--server']],
  ])('is refused with %s', (_, argv) => {
    expect(() => parseGiven(command, argv)).toThrow(UsageError);
  });

  test('is explained', () => {
    expect(usageOf(command)).toBe('barback-api keys create NAME --role ROLE [--server SERVER]…');
  });
});

test('lines end at LF alone, wherever the chunks are cut', async () => {
  const text = 'a\u2028b\rc\n\nlast ü';
  const whole = Buffer.from(text);
  for (let cut = 0; cut <= whole.length; cut += 1) {
    const lines: string[] = [];
    for await (const line of linesOf(Readable.from([whole.subarray(0, cut), whole.subarray(cut)]))) lines.push(line);
    expect(lines).toEqual(['a\u2028b\rc', '', 'last ü']);
  }
});
