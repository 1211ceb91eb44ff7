import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { recoverArguments } from '@barback/agent/barman/argv.ts';
import { verifyBackupArgv } from '@barback/agent/postgres/argv.ts';
import { listBackups } from '../lab/barman-backup.ts';
import type { Lab } from '../lab/lab.ts';
import { psqlArgv } from '../lab/psql.ts';
import { asUser, mustRun, runCommand, startDetached } from '../lab/run-command.ts';

/** Seconds of the parts of one drill. */
export type Phases = Readonly<Record<'copy' | 'manifest' | 'replay' | 'count' | 'clean' | 'whole', number>>;

/** The drill as a careful operator would type it: the same programs with the same options, one after the other. */
export async function drillByHand(lab: Lab, round: number): Promise<Phases> {
  const began = performance.now();
  const place = path.join(path.dirname(lab.postgres.dataDir), `by-hand-${round}`);
  const pgdata = path.join(place, 'pgdata');
  const user = process.geteuid?.() === 0 ? lab.barman.osUser : undefined;
  const asOwner = (...argv: string[]): Promise<string> => mustRun(asUser(user, argv), { limitMs: 600_000 });
  const backup = (await listBackups(lab.barman))[0]?.id ?? '';
  await mustRun(['install', '-d', '-m', '0700', ...(user === undefined ? [] : ['-o', user]), place]);
  const copy = await timed(async () => {
    const options = {
      server: lab.server,
      backupId: backup,
      timeline: 1,
      jobs: 1,
      bandwidthKBps: null,
      tablespaces: [],
    };
    await mustRun([...lab.barman.argv, ...recoverArguments({ ...options, destination: pgdata })], { limitMs: 600_000 });
    await copyWal(lab, pgdata, asOwner);
  });
  const manifest = await timed(() => asOwner(...verifyBackupArgv(lab.postgres.binDir, pgdata, backup)));
  const replay = await timed(() => startAndWait(lab, place, user));
  const count = await timed(() => countEverything(lab, place, user));
  const clean = await timed(async () => {
    await asOwner(path.join(lab.postgres.binDir, 'pg_ctl'), '-D', pgdata, '-m', 'fast', '-w', 'stop');
    await mustRun(['rm', '-rf', place]);
  });
  return { copy, manifest, replay, count, clean, whole: (performance.now() - began) / 1000 };
}

/** Every segment that Barman holds, the partial one under its full name. */
async function copyWal(lab: Lab, pgdata: string, asOwner: (...argv: string[]) => Promise<string>): Promise<void> {
  const target = path.join(pgdata, 'barman_wal');
  await asOwner('mkdir', '-p', target);
  const home = path.join(lab.barman.home, lab.server);
  for (const directory of await readdir(path.join(home, 'wals'))) {
    if (/^[0-9A-F]{16}$/.test(directory)) await asOwner('cp', '-a', `${path.join(home, 'wals', directory)}/.`, target);
  }
  for (const name of await readdir(path.join(home, 'streaming'))) {
    await asOwner('cp', path.join(home, 'streaming', name), path.join(target, name.replace(/\.partial$/, '')));
  }
}

async function startAndWait(lab: Lab, place: string, user: string | undefined): Promise<void> {
  const pgdata = path.join(place, 'pgdata');
  const hba = path.join(place, 'hba.conf');
  const write = (file: string, text: string): Promise<string> =>
    mustRun(asUser(user, ['dd', `of=${file}`, 'status=none']), { input: text });
  await write(hba, 'local all all trust\n');
  await write(path.join(place, 'postgresql.conf'), 'shared_buffers = 128MB\n');
  const settings = [
    `config_file=${path.join(place, 'postgresql.conf')}`,
    `hba_file=${hba}`,
    'listen_addresses=',
    `unix_socket_directories=${place}`,
    'port=5432',
    'archive_mode=off',
    'restore_command=cp barman_wal/%f %p',
    'recovery_target_timeline=1',
    'max_connections=100',
    'max_wal_senders=20',
  ];
  const server = [path.join(lab.postgres.binDir, 'postgres'), '-D', pgdata, ...settings.flatMap((one) => ['-c', one])];
  startDetached(asUser(user, server), path.join(lab.dir, 'log', 'by-hand.log'), {});
  const asked = asUser(user, [
    ...psqlArgv({ ...lab.postgres, host: place, port: 5432 }),
    '-c',
    'SELECT pg_is_in_recovery()',
  ]);
  for (let tries = 0; tries < 6_000; tries += 1) {
    if ((await runCommand(asked)).stdout.trim() === 'f') return;
    await delay(20);
  }
  throw new Error('the copy made by hand did not open');
}

async function countEverything(lab: Lab, place: string, user: string | undefined): Promise<void> {
  const psql = psqlArgv({ ...lab.postgres, host: place, port: 5432 });
  const list =
    "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'";
  const tables = (await mustRun(asUser(user, [...psql, '-c', list]))).trim().split('\n');
  for (const table of tables) await mustRun(asUser(user, [...psql, '-c', `SELECT count(*) FROM ${table}`]));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
