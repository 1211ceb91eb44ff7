import { chmod, chown, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { lookUpUser } from '@barback/agent/system/users.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { promoted } from '../e2e/copy-going-live.ts';
import { operationsHost, type OperationsHost, type PlanOperations } from '../e2e/operations-host.ts';
import { takeBackup } from '../lab/barman-backup.ts';
import { labDown } from '../lab/down.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { labUp } from '../lab/up.ts';
import { needsRoot } from '../support/needs-root.ts';

const stopIn = { deadlineMs: 60_000 };
const startIn = { deadlineMs: 60_000 };
const fromCopy = { incoming: { from: 'scratch' } } as const;

let lab: Lab;
let operations: OperationsHost;
let plan: PlanOperations;
let live: string;
let pg: string;
let staging: string;
let kept: string;

// One copy that is ready to take live's place; each attack is taken away again, and in the end the swap goes its way.
beforeAll(async () => {
  lab = await labUp({ dir: `/var/tmp/barback-attacks-${process.pid}`, tablespace: true });
  live = lab.postgres.dataDir;
  pg = path.dirname(live);
  await sql(lab.postgres, "CREATE TABLE notes (text text); INSERT INTO notes VALUES ('early')");
  await takeBackup({ postgres: lab.postgres, barman: lab.barman });
  operations = await operationsHost(lab);
  plan = operations.plan();
  await promoted(plan);
  await sql(lab.postgres, "INSERT INTO notes VALUES ('after the copy')");
  await plan.run('scratch-seal', {});
  staging = `${live}.next-${plan.plan}`;
  kept = `${live}.before-${plan.plan}`;
});

afterAll(async () => {
  await operations?.close();
  if (lab) await labDown(lab.dir);
});

/** Which directory lies at which name: what a refusal must leave as it is. */
async function layout(): Promise<string[]> {
  const names = (await readdir(pg)).filter((name) => name.startsWith(path.basename(live)));
  return Promise.all(names.toSorted().map(async (name) => `${name} ${(await lstat(path.join(pg, name))).ino}`));
}

/** What the swap is refused with; fails when anything was renamed, or when nothing is said about what to do. */
async function refusal(): Promise<string> {
  const before = await layout();
  const { type, detail, next } = await plan.problem('live-swap', fromCopy);
  expect(next).toBeTruthy();
  expect(await layout()).toEqual(before);
  return `${type.replace('urn:barback:problem:', '')}: ${detail}`;
}

/** Moves something aside while something else is in its place. */
async function inPlaceOf<T>(file: string, put: () => Promise<unknown>, work: () => Promise<T>): Promise<T> {
  await rename(file, `${file}-aside`);
  await put();
  try {
    return await work();
  } finally {
    await rm(file, { recursive: true });
    await rename(`${file}-aside`, file);
  }
}

async function withPidFile<T>(directory: string, pid: number, work: () => Promise<T>): Promise<T> {
  const file = path.join(directory, 'postmaster.pid');
  await writeFile(file, `${pid}\n${live}\n1795424933\n5432\n/run\n\n 1 1\nready   \n`, { mode: 0o644 });
  try {
    return await work();
  } finally {
    await rm(file);
  }
}

/** A directory that looks right to whoever sees only its owner. */
async function lookalike(directory: string): Promise<void> {
  const { uid, gid } = await stat(`${directory}-aside`);
  await mkdir(directory, { mode: 0o700 });
  await chown(directory, uid, gid);
}

const linkAside = (file: string) => symlink(`${file}-aside`, file);
const unsafe = (told: string) => new RegExp(`^location-unsafe: .*${told}`);

describe('a swap at the live path is refused, with nothing renamed', () => {
  test('while live runs, and its process is named', async () => {
    const pid = (await readFile(path.join(live, 'postmaster.pid'), 'utf8')).split('\n')[0] ?? '';
    expect(await refusal()).toMatch(unsafe(`process ${pid} uses ${live}$`));
    expect(await sql(lab.postgres, 'SELECT count(*) FROM notes')).toBe('2');
  });

  describe('when live is stopped', () => {
    beforeAll(async () => {
      await plan.run('live-stop', stopIn);
    });

    test('and the data directory is a symbolic link', async () => {
      const told = await inPlaceOf(live, () => linkAside(live), refusal);
      expect(told).toMatch(unsafe(`${live} is a symlink, not a directory`));
    });

    test('and its parent is a symbolic link by now', async () => {
      expect(await inPlaceOf(pg, () => linkAside(pg), refusal)).toMatch(unsafe(`${pg} is not a directory`));
    });

    test('and the copy belongs to somebody else by now, or others may write to it', async (context) => {
      needsRoot(context, 'chown');
      const { uid, gid } = await stat(staging);
      const stranger = await lookUpUser(lab.barman.osUser);
      await chown(staging, stranger.uid, stranger.gid);
      expect(await refusal()).toMatch(unsafe(`belongs to user id ${stranger.uid}, not to PostgreSQL's ${uid}`));
      await chown(staging, uid, gid);
      await chmod(staging, 0o777);
      expect(await refusal()).toMatch(unsafe('has mode 777'));
      await chmod(staging, 0o700);
    });

    test('and the name under which live is kept is taken', async () => {
      await mkdir(kept);
      expect(await refusal()).toMatch(/^scratch-exists: .*before-.* exists already \(directory\)/);
      await rm(kept, { recursive: true });
    });

    test.each(['live', 'the copy'])('and postmaster.pid of %s names a process that runs', async (whose) => {
      const directory = whose === 'live' ? live : staging;
      const told = await withPidFile(directory, process.pid, refusal);
      expect(told).toMatch(unsafe(`process ${process.pid} uses ${directory}$`));
    });

    test('and the copy is another directory than the one that was proven, or a link to it', async () => {
      expect(await inPlaceOf(staging, () => lookalike(staging), refusal)).toMatch(unsafe(`${staging}: something else`));
      expect(await inPlaceOf(staging, () => linkAside(staging), refusal)).toMatch(
        unsafe('(belongs to user id|something else)'),
      );
    });

    test('and once the intent is written: its parent was replaced, or live by another directory', async () => {
      expect(await inPlaceOf(pg, () => linkAside(pg), refusal)).toMatch(
        unsafe(`${pg} cannot be opened as a directory`),
      );
      expect(await inPlaceOf(live, () => lookalike(live), refusal)).toMatch(unsafe(`${live}: something else`));
    });

    test('and live is started again by the way back, which needs no copy', async () => {
      const another = () => mkdir(staging, { mode: 0o700 });
      await inPlaceOf(staging, another, async () => {
        expect(await plan.run('live-swap-back', {})).toEqual({ swappedBack: true });
        await plan.run('live-start', startIn);
        expect(await notes()).toBe('after the copy,early');
      });
      await plan.run('live-stop', stopIn);
    });

    test('after which it goes its way, and the text for people is never written through what was planted at its name', async () => {
      const secret = path.join(lab.dir, 'secret');
      await writeFile(secret, 'of root', { mode: 0o600 });
      const text = `${kept}.STATE.txt`;
      const temporary = path.join(pg, `.${path.basename(text)}.barback`);
      for (const planted of [text, temporary]) {
        await rm(planted, { force: true });
        await symlink(secret, planted);
      }
      await plan.run('live-swap', fromCopy);
      expect(await readFile(secret, 'utf8')).toBe('of root');
      expect((await lstat(text)).isFile()).toBe(true);
      expect((await lstat(text)).mode & 0o777).toBe(0o600);
      expect(await readFile(text, 'utf8')).toContain(`mv -T ${kept} ${live}    # inode ${(await stat(kept)).ino}`);
      await plan.run('live-start', startIn);
      expect(await notes()).toBe('early');
    });

    test('and is taken back while a directory lies at the name of that text: no file of it is worth a cutover', async () => {
      await plan.run('live-stop', stopIn);
      await rm(`${kept}.STATE.txt`);
      await mkdir(`${kept}.STATE.txt`);
      expect(await plan.run('live-swap-back', {})).toEqual({ swappedBack: true });
      await plan.run('live-start', startIn);
      expect(await notes()).toBe('after the copy,early');
      await rm(`${kept}.STATE.txt`, { recursive: true });
    });
  });
});

async function notes(): Promise<string> {
  const text = "SELECT string_agg(text, ',' ORDER BY text) FROM notes";
  return poll('live answers', 20_000, () => sql(lab.postgres, text).catch(() => undefined));
}
