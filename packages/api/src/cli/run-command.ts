import { ProblemError } from '@barback/shared/wire/problem.ts';
import { plain } from '../render/plain.ts';
import { auditExport, auditVerify } from './audit.ts';
import { parseGiven, usageOf, UsageError, type Command } from './command.ts';
import { databaseCopy, databaseRestore, databaseRestoreFromBox } from './database.ts';
import { init } from './init.ts';
import { keysCreate, keysList, keysRevoke } from './keys.ts';
import { serve } from './serve.ts';
import { serversAdd } from './servers-add.ts';
import { serversToken } from './servers-token.ts';

const commands: readonly Command[] = [
  init,
  serve,
  serversAdd,
  serversToken,
  keysCreate,
  keysList,
  keysRevoke,
  auditVerify,
  auditExport,
  databaseCopy,
  databaseRestore,
  databaseRestoreFromBox,
];

/** Runs one command line; answers the exit status: 0 done, 1 failed, 2 not understood. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  const command = commands.find(({ words }) => words.every((word, index) => argv[index] === word));
  if (!command) {
    process.stderr.write(`Usage:\n${commands.map((one) => `  ${usageOf(one)}\n      ${one.says}\n`).join('')}`);
    return argv.length === 0 || argv[0] === '--help' ? 0 : 2;
  }
  try {
    return await command.run(parseGiven(command, argv.slice(command.words.length)));
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\nUsage: ${usageOf(command)}\n`);
      return 2;
    }
    process.stderr.write(describe(error));
    return 1;
  }
}

function describe(error: unknown): string {
  if (error instanceof ProblemError) {
    const { detail, next } = error.problem;
    return `${plain(detail)}\n${next === undefined ? '' : `-> ${plain(next)}\n`}`;
  }
  return `${error instanceof Error ? error.message : String(error)}\n`;
}
