import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listBackups, takeBackup } from '../lab/barman-backup.ts';
import { isStreaming } from '../lab/barman-server.ts';
import { labDown } from '../lab/down.ts';
import { labProcesses } from '../lab/lab-processes.ts';
import { readLabState } from '../lab/lab-state.ts';
import { type Lab, readLab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { psqlArgv, sql } from '../lab/psql.ts';
import { asUser, mustRun, runCommand } from '../lab/run-command.ts';
import { labUp } from '../lab/up.ts';
import { labTraces, orphanSegments } from '../e2e/lab-traces.ts';

const isRoot = process.geteuid?.() === 0;
const MAIN = path.join(import.meta.dirname, '..', 'lab', 'main.ts');
let base: string;

beforeAll(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'barback-lab-'));
  await chmod(base, 0o755);
});

afterAll(async () => {
  for (const name of await readdir(base)) await labDown(path.join(base, name));
  await rm(base, { recursive: true });
});

describe('two labs side by side', () => {
  let one: Lab;
  let two: Lab;

  beforeAll(async () => {
    const dirs = [path.join(base, 'one'), path.join(base, 'two')] as const;
    [one, two] = await Promise.all([labUp({ dir: dirs[0] }), labUp({ dir: dirs[1], sizeMb: 8, tablespace: true })]);
  });

  test('lab.json is what up returned, and its psql values reach two different servers', async () => {
    expect(await readLab(one.dir)).toEqual(one);
    expect(await sql(one.postgres, 'SELECT count(*) FROM orders;')).toBe('1000');
    await sql(one.postgres, "INSERT INTO orders (customer, amount) VALUES ('only in one', 1);");
    expect(await sql(two.postgres, "SELECT count(*) FROM orders WHERE customer = 'only in one';")).toBe('0');
  });

  test('the first backup is DONE and check has no failure', async () => {
    for (const lab of [one, two]) {
      expect((await listBackups(lab.barman)).map((backup) => backup.status)).toEqual(['DONE']);
      expect(await mustRun([...lab.barman.argv, 'check', 'main'])).not.toContain('FAILED');
    }
  });

  test('another backup on the idle server becomes DONE', async () => {
    const id = await takeBackup(one);
    expect((await listBackups(one.barman))[0]).toEqual({ id, status: 'DONE' });
  });

  test('the configuration is outside the data directory, and there is no TCP listener', async () => {
    for (const file of ['postgresql.conf', 'pg_hba.conf', 'pg_ident.conf']) {
      expect(existsSync(path.join(one.postgres.configDir, file))).toBe(true);
      expect(existsSync(path.join(one.postgres.dataDir, file))).toBe(false);
    }
    const settings =
      "SELECT current_setting('listen_addresses'), current_setting('fsync'), current_setting('wal_level');";
    expect(await sql(one.postgres, settings)).toBe('|on|replica');
  });

  test('the probe role logs in, reads everything, and is no superuser', async () => {
    const probe = { ...one.postgres, superuser: 'barback_probe' };
    expect(await sql(probe, 'SELECT count(*) > 0 FROM orders;')).toBe('t');
    await expect(sql(probe, 'DELETE FROM orders;')).rejects.toThrow('permission denied');
  });

  test('size and tablespace are as asked', async () => {
    const size = Number(await sql(two.postgres, "SELECT pg_total_relation_size('filler');"));
    expect(size).toBeGreaterThan(7 * 1024 ** 2);
    expect(size).toBeLessThan(10 * 1024 ** 2);
    const location = "SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = 'ts1';";
    expect(await sql(two.postgres, location)).toBe(two.postgres.tablespaceDir);
    expect(await sql(two.postgres, "SELECT count(*) FROM pg_tables WHERE tablespace = 'ts1';")).toBe('1');
    expect(await sql(one.postgres, location)).toBe('');
  });

  test('a closed WAL segment reaches the archive by the cron that the lab keeps going', async () => {
    const marker = "SELECT pg_logical_emit_message(true, 'test', 'marker');";
    const answer = await sql(two.postgres, `${marker}\nSELECT pg_walfile_name(pg_switch_wal());\n${marker}`);
    const segment = answer.split('\n')[1] ?? '';
    const file = path.join(two.barman.home, 'main', 'wals', segment.slice(0, 16), segment);
    const archived = await poll(`archived ${segment}`, 15_000, () => (existsSync(file) ? true : undefined));
    expect(archived).toBe(true);
  });

  test('streaming that dies is started again', async () => {
    const receivers = async () =>
      (await labProcesses(two)).filter((one) => one.argv[0]?.endsWith('pg_receivewal')).map((one) => one.pid);
    const [first] = await receivers();
    expect(first).toBeDefined();
    process.kill(first ?? 0, 'SIGKILL');
    await poll('a new pg_receivewal', 20_000, async () =>
      (await receivers()).some((pid) => pid !== first) ? true : undefined,
    );
    await poll('streaming', 20_000, async () => ((await isStreaming(two.postgres)) ? true : undefined));
  });

  test('up refuses a directory with a lab, and one with files', async () => {
    await expect(labUp({ dir: one.dir })).rejects.toThrow('there is one; take it down first');
    const full = await mkdtemp(path.join(tmpdir(), 'barback-full-'));
    await chmod(full, 0o755);
    await writeFile(path.join(full, 'precious'), 'x');
    await expect(labUp({ dir: full })).rejects.toThrow('the directory is not empty');
    await expect(labDown(full)).rejects.toThrow('it is no lab');
    expect(existsSync(path.join(full, 'precious'))).toBe(true);
    await rm(full, { recursive: true });
  });

  test('down leaves no trace, can be repeated, and does not touch the other lab', async () => {
    expect((await labTraces(one)).length).toBeGreaterThan(5);
    await labDown(one.dir);
    expect(await labTraces(one)).toEqual([]);
    await labDown(one.dir);
    expect(await isStreaming(two.postgres)).toBe(true);
  });

  test('down after every process was killed leaves no trace', async () => {
    const before = await orphanSegments();
    for (const { pid } of await labProcesses(two)) killIfThere(pid);
    await poll('all killed', 10_000, async () => ((await labProcesses(two)).length === 0 ? true : undefined));
    await labDown(two.dir);
    expect(await labTraces(two)).toEqual([]);
    expect([...(await orphanSegments())].filter((id) => !before.has(id))).toEqual([]);
  });
});

describe('a lab that does not come up', () => {
  test('is taken down, and the error says what failed with the end of the logs', async () => {
    const dir = path.join(base, 'failing');
    let id = '';
    const failing = labUp({
      dir,
      onProgress: (part) => {
        if (part === 'Barman') throw new Error('the failure of this test');
      },
    });
    await poll(
      'state',
      20_000,
      async () => {
        id = (await readLabState(dir).catch(() => undefined))?.id ?? '';
        return id === '' ? undefined : true;
      },
      5,
    );
    const error = await failing.then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).toContain('the failure of this test');
    expect(error?.message).toContain('database system is ready to accept connections');
    expect(await labTraces({ id, dir })).toEqual([]);
  });

  test('and whose up was killed is taken down by down', async () => {
    const dir = path.join(base, 'killed');
    const up = spawn(process.execPath, [MAIN, 'up', '--dir', dir], { stdio: 'ignore' });
    const ended = once(up, 'exit');
    await poll(
      'a data directory',
      20_000,
      () => (existsSync(path.join(dir, 'pg', 'data', 'base')) ? true : undefined),
      5,
    );
    const id = (await readLabState(dir))?.id ?? '';
    up.kill('SIGKILL');
    await ended;
    await labDown(dir);
    expect(await labTraces({ id, dir })).toEqual([]);
  });

  test('interrupted at the keyboard leaves no trace', async () => {
    const dir = path.join(base, 'interrupted');
    const up = spawn(process.execPath, [MAIN, 'up', '--dir', dir], { stdio: 'ignore' });
    const ended = once(up, 'exit');
    await poll(
      'a data directory',
      20_000,
      () => (existsSync(path.join(dir, 'pg', 'data', 'base')) ? true : undefined),
      5,
    );
    const id = (await readLabState(dir))?.id ?? '';
    up.kill('SIGINT');
    expect(await ended).toEqual([1, null]);
    expect(await labTraces({ id, dir })).toEqual([]);
  });

  test('because PostgreSQL could not search an ancestor names that ancestor and the fix', async ({ skip }) => {
    if (!isRoot) skip('only as root do the programs of a lab have users of their own');
    const closed = await mkdtemp(path.join(tmpdir(), 'barback-closed-'));
    const refused = labUp({ dir: path.join(closed, 'deep', 'lab') });
    await expect(refused).rejects.toThrow(`cannot search ${closed} (mode 0700); run 'chmod o+x ${closed}'`);
    expect(await readdir(closed)).toEqual([]);
    await rm(closed, { recursive: true });
  });

  test('because of its name says which characters are fine', async () => {
    await expect(labUp({ dir: path.join(base, 'a b') })).rejects.toThrow('use only letters, digits');
  });
});

describe('a directory too long for a socket', () => {
  test('gets its sockets elsewhere, and down removes them', async () => {
    const dir = path.join(base, 'l'.repeat(90));
    const lab = await labUp({ dir });
    expect(lab.postgres.host.startsWith(dir)).toBe(false);
    expect(Buffer.byteLength(lab.postgres.host)).toBeLessThan(100);
    expect(await sql(lab.postgres, 'SELECT 1;')).toBe('1');
    await labDown(dir);
    expect(existsSync(lab.postgres.host)).toBe(false);
    expect(await labTraces(lab)).toEqual([]);
  });
});

describe('a lab of a plain user', () => {
  const user = `bbkplain${process.pid}`;
  let home: string;

  beforeAll(async () => {
    if (!isRoot) return;
    home = await mkdtemp(path.join(tmpdir(), 'barback-plain-'));
    // sshd runs commands with the user's shell, in the user's home.
    const account = ['--system', '--user-group', '--no-create-home', '--home-dir', home, '--shell', '/bin/sh'];
    await mustRun(['useradd', ...account, user]);
    await mustRun(['chown', `${user}:`, home]);
  });

  afterAll(async () => {
    if (!isRoot) return;
    const uid = (await mustRun(['id', '-u', user])).trim();
    await rm(`/var/tmp/barback-cache-${uid}`, { recursive: true, force: true });
    await mustRun(['userdel', user]);
    await rm(home, { recursive: true });
  });

  test('works without root, over ssh too, and down leaves no trace', async ({ skip }) => {
    if (!isRoot) skip('the other tests of this file already run as a plain user');
    const readable = await runCommand(
      asUser(user, [process.execPath, '-e', `require('node:fs').readFileSync('${MAIN}')`]),
    );
    if (readable.code !== 0) skip(`other users cannot read this checkout or its Node: ${readable.stderr.trim()}`);
    const dir = path.join(home, 'lab');
    const command = (name: string, ...options: string[]) =>
      mustRun(asUser(user, [process.execPath, MAIN, name, '--dir', dir, ...options]), { env: { HOME: home } });
    await command('up', '--archiving', 'archive_command', '--backup-method', 'rsync');
    const lab = await readLab(dir);
    const rows = [...psqlArgv(lab.postgres), '-c', 'SELECT count(*) FROM orders'];
    expect((await mustRun(asUser(user, rows))).trim()).toBe('1000');
    expect(await mustRun(asUser(user, [...lab.barman.argv, 'check', 'main']))).not.toContain('FAILED');
    expect(await mustRun(asUser(user, [...lab.barman.argv, 'list-backup', 'main']))).toMatch(/^main \d{8}T\d{6} /);
    expect((await stat(lab.postgres.dataDir)).uid).not.toBe(0);
    expect((await labProcesses(lab)).length).toBeGreaterThan(3);
    await command('down');
    expect(await labTraces(lab)).toEqual([]);
    await command('down');
  });
});

/** Some of them end by themselves while they are being listed. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
