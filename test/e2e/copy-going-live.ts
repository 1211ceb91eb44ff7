import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Host } from '@barback/agent/operations/handler.ts';
import { handlers } from '@barback/agent/operations/index.ts';
import type { Params, Result } from '@barback/shared/operations/index.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { expect } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { asUser, mustRun } from '../lab/run-command.ts';
import type { PlanOperations } from './operations-host.ts';

const asRoot = process.geteuid?.() === 0;
const target = { type: 'latest' } as const;

/** Runs a command as PostgreSQL's user of the lab. */
export async function asPostgres({ postgres }: Lab, argv: readonly string[], input = ''): Promise<string> {
  return mustRun(asUser(asRoot ? postgres.osUser : undefined, argv), { input });
}

export async function recoverBeside(plan: PlanOperations): Promise<void> {
  const backup = (await plan.run('backup-list', {})).backups[0];
  await plan.run('scratch-recover', {
    backupId: backup?.id ?? '',
    timeline: 1,
    target,
    tablespaces: ['ts1'],
    tablespaceHome: 'beside',
    jobs: 1,
    bandwidthKBps: null,
    expectBytes: backup?.sizeBytes ?? 0,
  });
}

const goesLive: NonNullable<Params<'scratch-start'>['goesLive']> = {
  walLevel: 'logical',
  trackCommitTimestamp: true,
  walLogHints: true,
  archiveMode: 'on',
  maxReplicationSlots: 3,
};

export async function startGoingLive(plan: PlanOperations): Promise<Result<'scratch-start'>> {
  const settings = {
    maxConnections: 5,
    maxWorkerProcesses: 1,
    maxWalSenders: 1,
    maxPreparedTransactions: 0,
    maxLocksPerTransaction: 10,
    sharedPreloadLibraries: [],
  };
  return plan.run('scratch-start', { timeline: 1, target, settings, goesLive });
}

/** A copy that is open on a timeline of its own. */
export async function promoted(plan: PlanOperations): Promise<Result<'scratch-start'>> {
  await recoverBeside(plan);
  const started = await startGoingLive(plan);
  await plan.run('scratch-replay', { timeline: 1, target, expect: null });
  return started;
}

/** Ends like a killed agent: at the first, second … word of a phase. */
export async function sealKilledAt(host: Host, plan: PlanOperations, phase: string, nth: number): Promise<void> {
  let words = 0;
  const call = {
    opid: newId(Date.now()),
    plan: plan.plan,
    signal: new AbortController().signal,
    log: () => undefined,
    progress: (word: string) => {
      if (word === phase && (words += 1) === nth) throw new Error('killed');
    },
  };
  await expect(handlers['scratch-seal'].perform(host, { server: 'main' }, call)).rejects.toThrow('killed');
}

/** The sealed directory as live's service would start it, apart from where it listens and archives. */
export async function startByHand<T>(
  lab: Lab,
  directory: string,
  work: (ask: (text: string) => Promise<string>) => Promise<T>,
): Promise<T> {
  const socket = path.join(path.dirname(directory), 'by-hand');
  await asPostgres(lab, ['mkdir', '-m', '0755', socket]);
  const { binDir, configDir } = lab.postgres;
  const options = [
    `-c config_file=${configDir}/postgresql.conf`,
    `-c data_directory=${directory}`,
    `-c hba_file=${configDir}/pg_hba.conf -c ident_file=${configDir}/pg_ident.conf`,
    `-c unix_socket_directories=${socket} -c external_pid_file=${socket}/pid`,
    '-c archive_mode=on -c archive_command=/bin/false -c wal_level=logical',
  ].join(' ');
  const ctl = (...words: string[]) =>
    asPostgres(lab, [path.join(binDir, 'pg_ctl'), '-D', directory, '-w', '-s', ...words]);
  await ctl('start', '-l', path.join(socket, 'log'), '-o', options);
  try {
    return await work(async (text) => (await sql({ ...lab.postgres, host: socket }, text)).trim());
  } finally {
    await ctl('stop', '-m', 'fast');
    await rm(socket, { recursive: true });
  }
}
