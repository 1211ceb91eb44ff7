import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Lab } from '../../lab/lab.ts';
import { poll } from '../../lab/poll.ts';
import { psqlArgv } from '../../lab/psql.ts';
import { asUser, mustRun, runCommand, startDetached } from '../../lab/run-command.ts';
import { copyUser } from './collect-wal.ts';

export interface HandMadeTarget {
  readonly backupId: string;
  readonly timeline: number;
  /** `recovery_target_…` as PostgreSQL takes them. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A restore as a careful operator types it: Barman copies the base, PostgreSQL replays to a target of its own kind. */
export interface HandMadeCopy {
  readonly directory: string;
  /** PostgreSQL's log, once the copy has paused or ended. */
  readonly log: string;
  readonly ended: 'paused' | 'refused';
  ask(query: string): Promise<string>;
  /** Ends recovery and stops the server cleanly. */
  promoteAndStop(): Promise<void>;
  discard(): Promise<void>;
}

const pausing = 'pausing at the end of recovery';

/** Restores into a directory beside live's; `wal` holds what `restore_command` gives. */
export async function copyByHand(lab: Lab, wal: string, target: HandMadeTarget, name: string): Promise<HandMadeCopy> {
  const place = path.join(path.dirname(lab.postgres.dataDir), name);
  const directory = path.join(place, 'pgdata');
  const user = copyUser(lab);
  const asOwner = (argv: readonly string[]): Promise<string> => mustRun(asUser(user, argv), { limitMs: 300_000 });
  await mustRun(['install', '-d', '-m', '0700', ...(user === undefined ? [] : ['-o', user]), place]);
  await recover(lab, place, target.backupId);
  const settings = {
    ...target.settings,
    recovery_target_timeline: String(target.timeline),
    restore_command: `cp ${wal}/%f %p`,
  };
  const log = await start(lab, place, settings, user);
  const ctl = (...args: string[]): Promise<string> =>
    asOwner([path.join(lab.postgres.binDir, 'pg_ctl'), '-D', directory, '-w', '-t', '60', ...args]);
  const psql = psqlArgv({ ...lab.postgres, host: place, port: 5432 });
  const ended = log.includes(pausing) ? 'paused' : 'refused';
  return {
    directory,
    log,
    ended,
    ask: async (query) => (await mustRun(asUser(user, [...psql, '-f', '-']), { input: query })).trimEnd(),
    async promoteAndStop() {
      await ctl('promote');
      await ctl('-m', 'fast', 'stop');
    },
    async discard() {
      await runCommand(
        asUser(user, [path.join(lab.postgres.binDir, 'pg_ctl'), '-D', directory, '-m', 'immediate', '-w', 'stop']),
      );
      await mustRun(['rm', '-rf', place]);
    },
  };
}

async function recover(lab: Lab, place: string, backupId: string): Promise<void> {
  const directory = path.join(place, 'pgdata');
  const tablespace = lab.postgres.tablespaceDir === null ? [] : ['--tablespace', `ts1:${path.join(place, 'ts1')}`];
  // Without a target Barman copies WAL of its own choice and writes no restore_command.
  await mustRun([...lab.barman.argv, 'recover', ...tablespace, lab.server, backupId, directory], { limitMs: 600_000 });
}

const ofEveryCopy = {
  listen_addresses: '',
  port: '5432',
  archive_mode: 'off',
  autovacuum: 'off',
  max_connections: '200',
  max_wal_senders: '20',
  max_prepared_transactions: '20',
  shared_buffers: '32MB',
  log_timezone: 'UTC',
} as const;

/** Answers the log when the copy has paused, or has given up. */
async function start(
  lab: Lab,
  place: string,
  recovery: Readonly<Record<string, string>>,
  user: string | undefined,
): Promise<string> {
  const write = (file: string, text: string): Promise<string> =>
    mustRun(asUser(user, ['dd', `of=${file}`, 'status=none']), { input: text });
  const directory = path.join(place, 'pgdata');
  const hba = path.join(place, 'hba.conf');
  const configuration = path.join(place, 'postgresql.conf');
  const settings = {
    hba_file: hba,
    unix_socket_directories: place,
    ...ofEveryCopy,
    recovery_target_action: 'pause',
    ...recovery,
  };
  const text = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`);
  await write(hba, 'local all all trust\nlocal replication all trust\n');
  await write(configuration, text.join(''));
  await write(path.join(directory, 'postgresql.auto.conf'), '');
  await write(path.join(directory, 'recovery.signal'), '');
  const logFile = path.join(lab.dir, 'log', `${path.basename(place)}.log`);
  const server = [path.join(lab.postgres.binDir, 'postgres'), '-D', directory, '-c', `config_file=${configuration}`];
  startDetached(asUser(user, server), logFile, {});
  return poll(`the end of the recovery in ${place}`, 120_000, async () => {
    const log = await readFile(logFile, 'utf8');
    // It pauses a moment before it lets anybody in.
    const isPaused = log.includes(pausing) && log.includes('ready to accept read-only connections');
    return isPaused || log.includes('database system is shut down') ? log : undefined;
  });
}
