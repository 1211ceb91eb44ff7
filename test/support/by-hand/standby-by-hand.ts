import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Lab } from '../../lab/lab.ts';
import { psqlArgv } from '../../lab/psql.ts';
import { asUser, mustRun } from '../../lab/run-command.ts';
import { copyUser } from './collect-wal.ts';

/** A standby of the lab's server, made and run as an administrator types it. */
export interface StandbyByHand {
  readonly applicationName: string;
  ask(query: string): Promise<string>;
  /** Makes it follow the server behind another socket from now on. */
  follow(socketDirectory: string, port: number): Promise<void>;
  /** Process id of its walreceiver. */
  receiver(): Promise<number>;
  log(): Promise<string>;
  stop(): Promise<void>;
}

const port = 5432;

/** Makes it beside the data directory and starts it; `name` is that of the directory and of the application. */
export async function standbyByHand(lab: Lab, name: string): Promise<StandbyByHand> {
  const { binDir, dataDir, host } = lab.postgres;
  const place = path.join(path.dirname(dataDir), name);
  const directory = path.join(place, 'pgdata');
  const logFile = path.join(place, 'log');
  const configuration = path.join(place, 'postgresql.conf');
  const user = copyUser(lab);
  const asOwner = (argv: readonly string[], input = ''): Promise<string> =>
    mustRun(asUser(user, argv), { input, limitMs: 300_000 });
  const ctl = (...args: string[]): Promise<string> =>
    asOwner([path.join(binDir, 'pg_ctl'), '-D', directory, '-w', '-t', '60', ...args]);
  const psql = psqlArgv({ ...lab.postgres, host: place, port });
  const ask = async (query: string): Promise<string> => (await asOwner([...psql, '-f', '-'], query)).trimEnd();
  const configure = (socketDirectory: string, otherPort: number): Promise<string> =>
    asOwner(['dd', `of=${configuration}`, 'status=none'], configurationOf(place, name, { socketDirectory, otherPort }));

  await mustRun(['install', '-d', '-m', '0700', ...(user === undefined ? [] : ['-o', user]), place]);
  const source = ['-h', host, '-p', String(lab.postgres.port), '-U', lab.postgres.superuser];
  await asOwner([path.join(binDir, 'pg_basebackup'), ...source, '-D', directory, '-X', 'stream', '-c', 'fast']);
  await asOwner(['dd', `of=${path.join(place, 'hba.conf')}`, 'status=none'], 'local all all trust\n');
  await asOwner(['dd', `of=${path.join(directory, 'standby.signal')}`, 'status=none']);
  await configure(host, lab.postgres.port);
  await ctl('-l', logFile, '-o', `-c config_file=${configuration}`, 'start');
  return {
    applicationName: name,
    ask,
    async follow(socketDirectory, otherPort) {
      await configure(socketDirectory, otherPort);
      await ctl('reload');
    },
    receiver: async () => Number(await ask('SELECT pid FROM pg_stat_wal_receiver')),
    log: () => readFile(logFile, 'utf8'),
    async stop() {
      await ctl('-m', 'immediate', 'stop');
      await mustRun(['rm', '-rf', place]);
    },
  };
}

function configurationOf(place: string, name: string, from: { socketDirectory: string; otherPort: number }): string {
  const settings = {
    hba_file: path.join(place, 'hba.conf'),
    unix_socket_directories: place,
    listen_addresses: '',
    port: String(port),
    archive_mode: 'off',
    max_connections: '200',
    max_wal_senders: '20',
    max_prepared_transactions: '20',
    shared_buffers: '32MB',
    wal_retrieve_retry_interval: '1s',
    primary_conninfo: `host=${from.socketDirectory} port=${from.otherPort} user=postgres application_name=${name}`,
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key} = '${value}'\n`)
    .join('');
}
