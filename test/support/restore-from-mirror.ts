import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sshArguments } from '@barback/agent/mirror/box.ts';
import { LAB_MARK } from '../lab/lab-mark.ts';
import { readLabState } from '../lab/lab-state.ts';
import type { Lab } from '../lab/lab.ts';
import { psqlArgv } from '../lab/psql.ts';
import { asUser, mustRun, runCommand, startDetached } from '../lab/run-command.ts';
import type { Box } from './box.ts';

/** Whoever has the mirror and nothing else: pulls it over ssh, as a new host would, and brings up what it holds. */
export async function pullMirror(lab: Lab, box: Box, to: string): Promise<void> {
  const user = process.geteuid?.() === 0 ? lab.barman.osUser : undefined;
  await mustRun(['install', '-d', '-m', '0700', ...(user === undefined ? [] : ['-o', user]), to]);
  const ssh = sshArguments(box.account).join(' ');
  const from = `${box.account.user}@127.0.0.1:barman-mirror/${lab.server}/`;
  const flags = [
    '--recursive',
    '--links',
    '--perms',
    '--times',
    '--hard-links',
    '--exclude=.rsync-partial',
    '--exclude=.*',
  ];
  const pulled = await runCommand(asUser(user, ['rsync', ...flags, `--rsh=${ssh}`, from, `${to}/`]), {
    limitMs: 300_000,
  });
  // What is exchanged there meanwhile vanishes: a second pull would bring it, and is not needed for what is there already.
  if (pulled.code !== 0 && pulled.code !== 24 && pulled.code !== 23) throw new Error(`cannot pull: ${pulled.stderr}`);
}

/** Runs a query on the database that a pulled mirror holds, at the end of all its WAL. */
export async function askPulled(lab: Lab, pulled: string, query: string): Promise<string> {
  const user = process.geteuid?.() === 0 ? lab.barman.osUser : undefined;
  const run = (...argv: string[]): Promise<string> => mustRun(asUser(user, argv), { limitMs: 120_000 });
  const backup = (await entries(pulled)).at(-1);
  if (backup === undefined) throw new Error('the mirror has no backup in its catalogue');
  const pgdata = path.join(pulled, 'restored');
  const wal = path.join(pgdata, 'wal');
  await run('cp', '-a', path.join(pulled, 'base', backup, 'data'), pgdata);
  await run('mkdir', wal);
  for (const file of await walFiles(pulled))
    await run('cp', file, path.join(wal, path.basename(file).replace(/\.partial$/, '')));
  await run('touch', path.join(pgdata, 'recovery.signal'));
  await run('chmod', '0700', pgdata);
  const settings = {
    config_file: path.join(pgdata, 'barback-test.conf'),
    hba_file: path.join(pgdata, 'barback-test-hba.conf'),
    listen_addresses: '',
    unix_socket_directories: pgdata,
    port: '5432',
    archive_mode: 'off',
    restore_command: `cp ${wal}/%f %p`,
    max_connections: '100',
    max_wal_senders: '20',
    max_replication_slots: '20',
  };
  await mustRun(asUser(user, ['dd', `of=${settings.hba_file}`, 'status=none']), { input: 'local all all trust\n' });
  await mustRun(asUser(user, ['dd', `of=${settings.config_file}`, 'status=none']), {
    input: 'shared_buffers = 16MB\n',
  });
  const state = await readLabState(lab.dir);
  const log = path.join(lab.dir, 'log', `${path.basename(pulled)}.log`);
  const postgres = path.join(lab.postgres.binDir, 'postgres');
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  startDetached(asUser(user, [postgres, '-D', pgdata, ...options]), log, { [LAB_MARK]: state?.id ?? '' });
  const psql = psqlArgv({ ...lab.postgres, host: pgdata, port: 5432 });
  try {
    for (let tries = 0; ; tries += 1) {
      const open = await runCommand(asUser(user, [...psql, '-c', 'SELECT pg_is_in_recovery()']));
      if (open.stdout.trim() === 'f') break;
      if (tries === 600) throw new Error(`what was pulled does not open; see ${log}`);
      await delay(100);
    }
    return (await run(...psql, '-c', query)).trim();
  } finally {
    await run(path.join(lab.postgres.binDir, 'pg_ctl'), '-D', pgdata, '-m', 'immediate', '-w', 'stop');
  }
}

async function entries(pulled: string): Promise<string[]> {
  const ids = (await readdir(path.join(pulled, 'base'))).toSorted();
  const known = await Promise.all(ids.map((id) => readdir(path.join(pulled, 'base', id)).catch(() => [] as string[])));
  return ids.filter((_, index) => known[index]?.includes('backup.info'));
}

/** The archive wins over what was on its way into it. */
async function walFiles(pulled: string): Promise<string[]> {
  const found = new Map<string, string>();
  for (const place of ['streaming', 'incoming']) {
    for (const name of await readdir(path.join(pulled, place)).catch(() => [] as string[])) {
      found.set(name.replace(/\.partial$/, ''), path.join(pulled, place, name));
    }
  }
  const wals = path.join(pulled, 'wals');
  for (const name of await readdir(wals)) {
    if (name.endsWith('.history')) found.set(name, path.join(wals, name));
    if (!/^[0-9A-F]{16}$/.test(name)) continue;
    for (const segment of await readdir(path.join(wals, name))) found.set(segment, path.join(wals, name, segment));
  }
  return [...found.values()];
}
