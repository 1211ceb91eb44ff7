import { parseArgs } from 'node:util';
import { Protection, protectionOf } from './protection.ts';

interface Up extends Protection {
  readonly command: 'up';
  readonly dir: string;
  readonly sizeMb: number;
  readonly tablespace: boolean;
}

export type LabCommand = Up | { readonly command: 'down'; readonly dir: string };

/** Options of `up` that take one of some words, by their names in `Protection`. */
const CHOICES = {
  archiving: 'archiving',
  'backup-method': 'backupMethod',
  'wal-compression': 'walCompression',
  barman: 'barman',
} as const;

type Choice = keyof typeof CHOICES;
const choices = Object.keys(CHOICES) as Choice[];

const USAGE = `usage: npm run lab -- up --dir DIR [--size MB] [--tablespace]
${choices.map((name) => `                         [--${name} ${words(name).join('|')}]`).join('\n')}
       npm run lab -- down --dir DIR`;

/** The command that `args` (without node and script) ask for. */
export function parseLabArguments(args: readonly string[]): LabCommand {
  const { values, positionals } = parse(args);
  const [command, ...rest] = positionals;
  if (command !== 'up' && command !== 'down') {
    throw usageError(command === undefined ? 'a command is missing' : `there is no command '${command}'`);
  }
  if (rest.length > 0) throw usageError(`'${rest[0]}' is one argument too many`);
  const { dir, ...others } = values;
  if (dir === undefined || dir === '') throw usageError('--dir DIR is missing');
  if (command === 'down') {
    if (Object.keys(others).length > 0) throw usageError('down takes only --dir');
    return { command, dir };
  }
  const size = values.size ?? '0';
  if (!/^\d{1,6}$/.test(size)) throw usageError(`--size '${size}' is not a whole number of MB from 0 to 999999`);
  const asked: Record<string, string> = {};
  for (const name of choices) {
    const value = values[name];
    if (value === undefined) continue;
    if (!words(name).includes(value)) {
      throw usageError(`--${name} '${value}' is not one of ${words(name).join(', ')}`);
    }
    asked[CHOICES[name]] = value;
  }
  return { command, dir, sizeMb: Number(size), tablespace: values.tablespace === true, ...protectionOf(asked) };
}

function words(name: Choice): readonly string[] {
  return Protection.shape[CHOICES[name]].options;
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        dir: text,
        size: text,
        tablespace: { type: 'boolean' },
        archiving: text,
        'backup-method': text,
        'wal-compression': text,
        barman: text,
      },
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    throw usageError((error as Error).message);
  }
}

function usageError(problem: string): Error {
  return new Error(`cannot understand the arguments: ${problem}\n${USAGE}`);
}
