import { lstat, mkdir, readlink, realpath, rename, symlink } from 'node:fs/promises';
import path from 'node:path';
import { formatInstant, parseInstant } from '@barback/shared/postgres/instant.ts';
import { systemClock } from '@barback/api/clock.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listBackups, takeBackup } from '../lab/barman-backup.ts';
import { startCluster, stopCluster } from '../lab/cluster-control.ts';
import { holdStreaming } from '../lab/hold-streaming.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { mustRun, runCommand } from '../lab/run-command.ts';
import { configureAgent } from '../support/agent-config.ts';
import { apiOverLab } from '../support/api-over-lab.ts';
import { planDrill, runDrill, startRun, waitForRun } from '../support/barback-client.ts';
import { moveBarmanHome } from '../support/barman-home.ts';
import { Mounts } from '../support/mounts.ts';
import { codesOf, findingOf } from '../support/plan-findings.ts';
import { settledLab } from '../support/settled-lab.ts';
import { operationsHost } from '../e2e/operations-host.ts';

// What the host is like that a restore would trip over: each is ignored once, and remedied once. One lab.

let lab: Lab;
let stop: () => Promise<void> = async () => {};
const mounts = new Mounts();

beforeAll(async () => {
  ({ lab, stop } = await settledLab());
});

afterAll(async () => {
  await mounts.unmountAll();
  await stop();
});

const latest = { type: 'latest' };

describe('a scratch filesystem without room', () => {
  let place = '';

  beforeAll(async () => {
    if (!Mounts.allowed) return;
    place = path.join(lab.dir, 'scratch');
    await mkdir(place);
    await mounts.mount(['-t', 'tmpfs', '-o', 'size=20m,mode=0755', 'tmpfs'], place);
    await configureAgent(lab, (server) => (server.scratch.directory = place));
  });

  test('blocks a plan, and a restore that is tried all the same fails', async ({ skip }) => {
    Mounts.require(skip);
    const plan = await planDrill(lab, latest);
    expect([plan.state, codesOf(plan)]).toEqual(['blocked', ['space']]);
    expect(findingOf(plan, 'space').remedy).toMatch(/^Free \d+ bytes there/);
    expect(await recoverByHand(path.join(place, 'by-hand'))).toMatch(/No space left on device/);
  });

  test('in inodes blocks a plan too, however many bytes are free', async ({ skip }) => {
    Mounts.require(skip);
    await mustRun(['mount', '-o', 'remount,size=2g,nr_inodes=300', place]);
    const plan = await planDrill(lab, latest);
    expect([plan.state, codesOf(plan)]).toEqual(['blocked', ['space']]);
    const { detail, remedy } = findingOf(plan, 'space');
    expect(remedy).toMatch(/^Free \d+ inodes/);
    // The files of the backup, its WAL, and the 200 that a running copy adds.
    const beyond = Number(/: (\d+) files/.exec(detail)?.[1]) - 200 - (await filesOfNewestBackup());
    expect(beyond).toBeGreaterThan(0);
    expect(beyond).toBeLessThan(50);
    expect(await recoverByHand(path.join(place, 'by-hand'))).toMatch(/No space left on device/);
  });

  test('is no finding once it is large enough, and the drill fits', async ({ skip }) => {
    Mounts.require(skip);
    await mustRun(['mount', '-o', 'remount,size=2g,nr_inodes=100000', place]);
    expect(codesOf(await planDrill(lab, latest))).toEqual([]);
    expect((await runDrill(lab, latest)).state).toBe('succeeded');
    await configureAgent(lab, (server) => delete server.scratch.directory);
  });
});

describe("a filesystem of Barman's without room for the next base backup", () => {
  let room: (bytes: number) => Promise<void>;

  beforeAll(async () => {
    if (Mounts.allowed) room = await moveBarmanHome(lab, mounts);
  });

  test('is told by a drill, which it does not stop, and makes the base backup fail', async ({ skip }) => {
    Mounts.require(skip);
    // More than the floor, so that the copy itself may be made.
    await room(72 * mebibyte);
    const plan = await planDrill(lab, latest);
    expect([plan.state, codesOf(plan)]).toEqual(['ready', ['space-barman']]);
    expect(findingOf(plan, 'space-barman').severity).toBe('info');
    await room(8 * mebibyte);
    // A new segment of pg_receivewal would take the room in which Barman writes down that the backup failed.
    const release = await holdStreaming(lab);
    try {
      const backup = await runCommand([...lab.barman.argv, 'backup', '--immediate-checkpoint', 'main']);
      expect(backup.code).not.toBe(0);
      expect(backup.stdout + backup.stderr).toMatch(/No space left on device/);
      expect((await listBackups(lab.barman))[0]?.status).toBe('FAILED');
      await room(2048 * mebibyte);
    } finally {
      release();
    }
  });

  test('is no finding once there is room, and the base backup is made', async ({ skip }) => {
    Mounts.require(skip);
    await room(2048 * mebibyte);
    const [failed] = await listBackups(lab.barman);
    await mustRun([...lab.barman.argv, 'delete', 'main', failed?.id ?? '']);
    expect(codesOf(await planDrill(lab, latest))).toEqual([]);
    const made = await takeBackup(lab);
    expect((await listBackups(lab.barman))[0]).toEqual({ id: made, status: 'DONE' });
  });
});

describe('a data directory that is a mount point', () => {
  test('is told by a drill, which works, and cannot be renamed', async ({ skip }) => {
    Mounts.require(skip);
    const { dataDir } = lab.postgres;
    await mounts.mount(['--bind', dataDir], dataDir);
    const plan = await planDrill(lab, latest);
    expect([plan.state, codesOf(plan)]).toEqual(['ready', ['data-directory-mount']]);
    expect(findingOf(plan, 'data-directory-mount').severity).toBe('info');
    await expect(rename(dataDir, `${dataDir}.before`)).rejects.toMatchObject({ code: 'EBUSY' });
    expect((await runDrill(lab, latest)).state).toBe('succeeded');
    await mounts.unmount(dataDir);
  });

  test('is no finding below a mount point, where it can be renamed', async ({ skip }) => {
    Mounts.require(skip);
    const { dataDir } = lab.postgres;
    const parent = path.dirname(dataDir);
    await mounts.mount(['--bind', parent], parent);
    expect(codesOf(await planDrill(lab, latest))).toEqual([]);
    await stopCluster(lab.postgres);
    await rename(dataDir, `${dataDir}.before`);
    await rename(`${dataDir}.before`, dataDir);
    await startCluster(lab.postgres);
    await mounts.unmount(parent);
  });
});

describe('clocks that differ', () => {
  const behind = 30_000_000;

  test('lose a commit for a person who reads the target from the other clock; by the clock of the host it is kept', async () => {
    const api = await apiOverLab(lab, { now: () => systemClock.now() - behind });
    try {
      await poll('the other clock has passed the end of the backup', 60_000, () => otherClockIsBehindBackup());
      const answer = await sql(
        lab.postgres,
        "INSERT INTO orders (customer, amount) VALUES ('wanted', 1) RETURNING xmin",
      );
      const wanted = Number(answer);
      const [hostTime, personTime] = [systemClock.now(), systemClock.now() - behind].map(formatInstant);
      await poll('the clock of the host has gone on', 1_000, () =>
        formatInstant(systemClock.now()) > (hostTime ?? '') ? true : undefined,
      );
      await sql(lab.postgres, "INSERT INTO orders (customer, amount) VALUES ('later', 1)");
      const asked = { type: 'time', time: personTime };
      const plan = await waitForPlan(() => api.planDrill(asked));
      expect(plan.state).toBe('blocked');
      expect(findingOf(plan, 'clock-offset')).toMatchObject({ severity: 'confirm' });
      expect(findingOf(plan, 'clock-offset').detail).toMatch(/(2|3)\d s ahead of/);
      const read = await api.planDrill(asked, { acknowledge: ['clock-offset'] });
      expect(read.state).toBe('ready');
      expect(plan.stop?.lastKept?.xid ?? 0).toBeLessThan(wanted);
      const right = await api.planDrill({ type: 'time', time: hostTime });
      expect(right.stop?.lastKept?.xid).toBe(wanted);
      // What was read from the wrong clock is what is restored.
      const run = await startRun(lab, await planDrill(lab, asked, { probes: [wantedProbe] }));
      const done = await waitForRun(lab, run.id, (one) => one.state === 'succeeded');
      expect(done.result?.probes[0]?.rows).toEqual([{ count: '0' }]);
    } finally {
      await api.close();
    }
  });

  test('only inform about a target that is no time, and are no finding once they agree', async () => {
    const api = await apiOverLab(lab, { now: () => systemClock.now() + behind });
    try {
      const plan = await api.planDrill(latest);
      expect([plan.state, codesOf(plan)]).toEqual(['ready', ['clock-offset']]);
      expect(findingOf(plan, 'clock-offset')).toMatchObject({ severity: 'info' });
      expect(findingOf(plan, 'clock-offset').detail).toMatch(/(2|3)\d s behind/);
    } finally {
      await api.close();
    }
    expect(codesOf(await planDrill(lab, latest))).toEqual([]);
  });

  const wantedProbe = {
    name: 'wanted',
    database: 'system',
    sql: "SELECT count(*) FROM orders WHERE customer = 'wanted'",
  };

  async function otherClockIsBehindBackup(): Promise<true | undefined> {
    const { backup } = await planDrill(lab, { type: 'immediate' });
    const end = parseInstant(backup.endTime);
    if (!end.ok) throw new Error(`cannot read the end of backup ${backup.id}: ${end.reason}`);
    return systemClock.now() - behind > end.micros ? true : undefined;
  }
});

describe('a data directory and a pg_wal that are symbolic links', () => {
  const far = (): string => path.join(lab.dir, 'pg', 'far');
  let operations: Awaited<ReturnType<typeof operationsHost>> | undefined;

  beforeAll(async () => {
    const { dataDir } = lab.postgres;
    await stopCluster(lab.postgres);
    await mustRun(['install', '-d', '-o', lab.postgres.osUser, '-m', '0700', far()]);
    await moveBehindLink(path.join(dataDir, 'pg_wal'), path.join(far(), 'wal'));
    await moveBehindLink(dataDir, path.join(far(), 'data'));
    await startCluster(lab.postgres);
    operations = await operationsHost(lab);
  });

  afterAll(() => operations?.close());

  test('are told by a drill; a copy lies beside the link, with a plain pg_wal', async () => {
    const plan = await planDrill(lab, latest);
    expect([plan.state, codesOf(plan)]).toEqual(['ready', ['data-directory-symlink']]);
    const { detail, severity } = findingOf(plan, 'data-directory-symlink');
    expect(severity).toBe('info');
    for (const told of [path.join(far(), 'data'), path.join(far(), 'wal')]) expect(detail).toContain(told);
    const copy = operations?.plan();
    if (!copy) throw new Error('the lab is not up');
    // The filesystems of live are watched behind the links too.
    const roles = (await copy.run('host-facts', {})).filesystems.map((one) => one.role);
    expect(roles).toEqual(expect.arrayContaining(['data', 'wal']));
    await copy.copy({ type: 'immediate' });
    const place = `${lab.postgres.dataDir}.restore-${copy.plan}`;
    expect(await realpath(path.dirname(place))).not.toBe(path.dirname(await realpath(lab.postgres.dataDir)));
    expect((await lstat(path.join(place, 'pgdata', 'pg_wal'))).isDirectory()).toBe(true);
    expect(await readlink(path.join(lab.postgres.dataDir, 'pg_wal'))).toBe(path.join(far(), 'wal'));
    await copy.run('scratch-discard', {});
  });

  test('are no finding once the agent knows the directory itself and pg_wal lies in it', async () => {
    await stopCluster(lab.postgres);
    const wal = path.join(far(), 'data', 'pg_wal');
    await mustRun(['rm', wal]);
    await rename(path.join(far(), 'wal'), wal);
    await startCluster(lab.postgres);
    await configureAgent(lab, (server) => (server.postgres.dataDirectory = path.join(far(), 'data')));
    expect(codesOf(await planDrill(lab, latest))).toEqual([]);
  });
});

const mebibyte = 1024 ** 2;

/** `barman recover` of the newest backup, as an operator would try it; answers what it says when it fails. */
async function recoverByHand(place: string): Promise<string> {
  const [backup] = await listBackups(lab.barman);
  await mustRun(['install', '-d', '-o', lab.barman.osUser, '-m', '0700', place]);
  const tried = await runCommand([...lab.barman.argv, 'recover', 'main', backup?.id ?? '', path.join(place, 'data')]);
  await mustRun(['rm', '-r', place]);
  expect(tried.code).not.toBe(0);
  return tried.stdout + tried.stderr;
}

async function filesOfNewestBackup(): Promise<number> {
  const [backup] = await listBackups(lab.barman);
  const base = path.join(lab.barman.home, 'main', 'base', backup?.id ?? '');
  return (await mustRun(['find', base, '-mindepth', '1', '-printf', 'x'])).length;
}

async function moveBehindLink(from: string, to: string): Promise<void> {
  await rename(from, to);
  await symlink(to, from);
}

/** The index learns of a segment a moment after its commit: until then a time behind the newest one is refused. */
async function waitForPlan<T>(make: () => Promise<T>): Promise<T> {
  return poll('the commit in what Barman streams', 30_000, () => make().catch(() => undefined), 500);
}
