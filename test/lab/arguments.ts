import { parseArgs } from 'node:util';

export type LabCommand =
  | { readonly command: 'up'; readonly dir: string; readonly sizeMb: number; readonly tablespace: boolean }
  | { readonly command: 'down'; readonly dir: string };

const USAGE = `usage: npm run lab -- up --dir DIR [--size MB] [--tablespace]
       npm run lab -- down --dir DIR`;

/** The command that `args` (without node and script) ask for. */
export function parseLabArguments(args: readonly string[]): LabCommand {
  const { values, positionals } = parse(args);
  const [command, ...rest] = positionals;
  if (command !== 'up' && command !== 'down') {
    throw usageError(command === undefined ? 'a command is missing' : `there is no command '${command}'`);
  }
  if (rest.length > 0) throw usageError(`'${rest[0]}' is one argument too many`);
  if (values.dir === undefined || values.dir === '') throw usageError('--dir DIR is missing');
  if (command === 'down') {
    if (values.size !== undefined || values.tablespace === true) throw usageError('down takes only --dir');
    return { command, dir: values.dir };
  }
  const size = values.size ?? '0';
  if (!/^\d{1,6}$/.test(size)) throw usageError(`--size '${size}' is not a whole number of MB from 0 to 999999`);
  return { command, dir: values.dir, sizeMb: Number(size), tablespace: values.tablespace === true };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { dir: { type: 'string' }, size: { type: 'string' }, tablespace: { type: 'boolean' } },
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
