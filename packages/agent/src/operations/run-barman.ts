import { ProblemError } from '@barback/shared/wire/problem.ts';
import { diagnoseArguments, listBackupArguments, versionArguments } from '../barman/argv.ts';
import { parseDiagnose, type Diagnosis } from '../barman/diagnose.ts';
import { parseListBackup, type ListedBackup } from '../barman/list-backup.ts';
import { parseBarmanOutput, unknownOutput, type BarmanOutput } from '../barman/output.ts';
import { barmanSupport, parseBarmanVersion, type BarmanVersion } from '../barman/versions.ts';
import type { ServerConfig } from '../config.ts';
import type { Program } from '../system/program.ts';
import { execute, failure } from './execute.ts';
import { ProgramAnswers } from './program-answers.ts';

/** Barman as a program: its own user, UTC for every instant that it reads or prints without an offset. */
export function barmanProgram(server: ServerConfig, args: readonly string[], timeoutMs = 60_000): Program {
  return {
    argv: [...server.barman.argv, ...args],
    user: server.barman.user ?? null,
    environment: { TZ: 'UTC' },
    timeoutMs,
    outputBytesMax: 64 * 1024 * 1024,
  };
}

const versions = new ProgramAnswers<BarmanVersion>();

export async function barmanVersion(server: ServerConfig, signal: AbortSignal): Promise<BarmanVersion> {
  return versions.of(JSON.stringify(server.barman), server.barman.argv, async () => {
    const outcome = await execute(barmanProgram(server, versionArguments), signal);
    const version = parseBarmanVersion(outcome.stdout);
    if (!version) throw unknownOutput(outcome.stdout, '(unknown)', 'it names no version');
    return version;
  });
}

/** Barman's version if it is one that Barback supports. */
export async function requireBarman(server: ServerConfig, signal: AbortSignal): Promise<BarmanVersion> {
  const version = await barmanVersion(server, signal);
  const { reasons } = barmanSupport(version);
  if (reasons.length === 0) return version;
  throw new ProblemError('unsupported-version', reasons.join('; '), { next: 'install a supported version of Barman' });
}

/** A sub-command that prints JSON; `timeoutMs` for one that works on files, where the others take a minute at most. */
export interface BarmanCommand {
  readonly args: readonly string[];
  readonly timeoutMs?: number;
}

/** Every start of Python counts: commands may run while the version is still asked for, and nothing of theirs is read before it is known. */
type MaybeLater = BarmanVersion | Promise<BarmanVersion>;

/** Runs a command with `-f json`; Barman's own errors become barman-failed, or backup-not-found. */
export async function runBarmanJson(
  server: ServerConfig,
  args: readonly string[],
  version: MaybeLater,
  signal: AbortSignal,
): Promise<BarmanOutput> {
  return runBarmanCommand(server, { args }, version, signal);
}

export async function runBarmanCommand(
  server: ServerConfig,
  command: BarmanCommand,
  version: MaybeLater,
  signal: AbortSignal,
): Promise<BarmanOutput> {
  const output = await tryBarmanCommand(server, command, version, signal);
  if (output.errors.length > 0) throw barmanError(output.errors);
  return output;
}

/** For callers that judge Barman's errors themselves. */
export async function tryBarmanCommand(
  server: ServerConfig,
  { args, timeoutMs }: BarmanCommand,
  version: MaybeLater,
  signal: AbortSignal,
): Promise<BarmanOutput> {
  const program = barmanProgram(server, args, timeoutMs);
  const outcome = await execute(program, signal);
  // argparse and "please run barman as" print plain text on standard error even with -f json.
  if (outcome.stdout.trim() === '') throw failure(program, outcome, 'barman-failed');
  return parseBarmanOutput(outcome.stdout, (await version).text);
}

export function barmanError(errors: readonly string[]): ProblemError {
  const text = errors.join('; ').slice(0, 1000);
  if (text.startsWith('Unknown backup')) {
    return new ProblemError('backup-not-found', text, { next: 'list the backups and choose one of them' });
  }
  return new ProblemError('barman-failed', `Barman says: ${text}`, { next: "look at Barman's log file" });
}

export async function diagnose(server: ServerConfig, version: MaybeLater, signal: AbortSignal): Promise<Diagnosis> {
  const program = barmanProgram(server, diagnoseArguments);
  const outcome = await execute(program, signal);
  if (outcome.exitCode !== 0) throw failure(program, { ...outcome, stdout: '' }, 'barman-failed');
  return parseDiagnose(outcome.stdout, server.barman.server, (await version).text);
}

export async function listBackups(
  server: ServerConfig,
  version: MaybeLater,
  signal: AbortSignal,
): Promise<ListedBackup[]> {
  const output = await runBarmanJson(server, listBackupArguments(server.barman.server), version, signal);
  return parseListBackup(output, server.barman.server, (await version).text);
}
