import { appendFile, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sweepScratches } from '@barback/agent/operations/sweep-scratches.ts';
import { readConfig } from '@barback/agent/config.ts';
import { hostOf } from '@barback/agent/registry.ts';
import { nowMicros } from '@barback/agent/system/clock.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archiveWal, takeBackup } from '../lab/barman-backup.ts';
import { labProcesses } from '../lab/lab-processes.ts';
import { poll } from '../lab/poll.ts';
import { killProgram, startProgram } from '../lab/programs.ts';
import { mustRun } from '../lab/run-command.ts';
import { configureAgent } from '../support/agent-config.ts';
import { endOf, planDrill, request, runDrill, startRun, stepOf, waitForRun } from '../support/barback-client.ts';
import { carryOutWell, momentOf, planOnceReachable } from '../support/cutover-client.ts';
import { mirror, mirrorPage, mirrorWell, startMirror } from '../support/mirror-client.ts';
import { flipByte } from '../support/flip-byte.ts';
import { filesOfMirror, mark, mirrorScene, type MirrorScene } from '../support/mirror-scene.ts';

const minutes = 60_000;
const mebibyte = 1024 ** 2;

let scene: MirrorScene;

beforeAll(async () => {
  scene = await mirrorScene();
});
afterAll(() => scene.stop());

describe('a mirror after live was restored', () => {
  test('holds the branch that is live, and a missing history and a missing segment are named and sent again', async () => {
    const { lab, box } = scene;
    await mirrorWell(lab);
    await mark(lab);
    const target = await momentOf(lab);
    await mark(lab);
    await archiveWal({ postgres: lab.postgres, barman: lab.barman });
    await carryOutWell(lab, await planOnceReachable(lab, { type: 'time', time: target }));
    await mirrorWell(lab);
    expect((await mirrorPage(lab)).current?.liveTimeline).toBe(2);
    const all = await filesOfMirror(box, 'wals');
    const history = all.find((file) => file.endsWith('/00000002.history')) ?? '';
    const segment = all.find((file) => /\/00000001[0-9A-F]{16}$/.test(file)) ?? '';
    await rm(history);
    await rm(segment);
    const found = await mirror(lab, { check: true });
    expect(found.problem).toMatchObject({ type: 'urn:barback:problem:mirror-damaged' });
    const missing = found.mirrored.check?.damaged.map((one) => `${one.path} ${one.is}`);
    expect(missing?.toSorted()).toEqual(
      [history, segment].map((file) => `${path.relative(box.mirror, file)} missing`).toSorted(),
    );
    expect((await mirrorWell(lab, { check: true })).check).toMatchObject({ damagedFiles: 0 });
    const drill = await runDrill(lab, { type: 'latest' }, { from: 'mirror' });
    expect(drill.state, JSON.stringify(drill.problem)).toBe('succeeded');
    // Its own, behind that of live.
    expect(drill.result?.timeline).toBe(3);
  });
});

describe('a box', () => {
  test('whose connections are cut is sent no file twice that had arrived', async () => {
    const { lab, box } = scene;
    await rm(path.join(box.home, 'barman-mirror'), { recursive: true, force: true });
    await configureAgent(lab, (server) => void Object.assign(server.mirror ?? {}, { bandwidthKBps: 15_000 }));
    const id = await startMirror(lab);
    const arrived = new Map<string, bigint>();
    for (let cuts = 0; cuts < 4; cuts += 1) {
      const before = arrived.size;
      await poll('more files arrive', 60_000, async () => {
        const now = await inodes(box.mirror);
        return now.size > before + 5 ? true : undefined;
      });
      for (const { pid } of await serving(scene)) process.kill(pid, 'SIGKILL');
      await poll('the connection is gone', 10_000, async () =>
        (await serving(scene)).length === 0 ? true : undefined,
      );
      for (const [file, inode] of await inodes(box.mirror)) arrived.set(file, inode);
    }
    const run = await endOf(lab, id);
    expect(run.state, JSON.stringify(run.problem)).toBe('succeeded');
    const there = await inodes(box.mirror);
    // What is sent again is written beside and renamed: it would be another file.
    const again = [...arrived].filter(([file, inode]) => there.get(file) !== inode).map(([file]) => file);
    expect(again.filter((file) => !/streaming|incoming|xlog\.db/.test(file))).toEqual([]);
    expect(arrived.size).toBeGreaterThan(20);
    await configureAgent(lab, (server) => void Object.assign(server.mirror ?? {}, { bandwidthKBps: 1_000_000 }));
  });

  test('that hangs is given up by name, harms nothing, and gets the rest when it answers again', async () => {
    const { lab, box } = scene;
    await rm(path.join(box.home, 'barman-mirror'), { recursive: true, force: true });
    await configureAgent(lab, (server) => void Object.assign(server.mirror ?? {}, { bandwidthKBps: 15_000 }));
    const id = await startMirror(lab);
    const isSending = (bytes: number | undefined): boolean => (bytes ?? 0) > mebibyte;
    await waitForRun(lab, id, (run) => isSending(stepOf(run, 'mirror').progress?.bytes), minutes);
    const stopped = (await labProcesses(lab)).filter(({ argv }) => isOfBox(argv));
    for (const { pid } of stopped) process.kill(pid, 'SIGSTOP');
    try {
      const run = await endOf(lab, id, 9 * minutes);
      expect(run.problem).toMatchObject({ type: 'urn:barback:problem:mirror-unreachable' });
      expect(run.problem?.detail).toContain('does not answer');
    } finally {
      for (const { pid } of stopped) {
        try {
          process.kill(pid, 'SIGCONT');
        } catch {
          // It has ended by itself.
        }
      }
    }
    await configureAgent(lab, (server) => void Object.assign(server.mirror ?? {}, { bandwidthKBps: 1_000_000 }));
    await mirrorWell(lab);
    expect((await mirrorWell(lab, { check: true })).check).toMatchObject({ damagedFiles: 0 });
  });
});

test('what a run fetched whose api is gone for ever is swept, and not while it holds the server', async () => {
  const { lab } = scene;
  await mirrorWell(lab);
  const plan = await planDrill(lab, { type: 'latest' }, { from: 'mirror' });
  const run = await startRun(lab, plan);
  await waitForRun(lab, run.id, (one) => stepOf(one, 'recover').state === 'running', minutes);
  await killProgram(lab, 'api');
  const parent = path.dirname(lab.postgres.dataDir);
  const fetched = async (): Promise<string[]> => (await readdir(parent)).filter((name) => name.includes('.mirror-'));
  expect(await fetched()).toHaveLength(1);
  await poll('Barman has ended', minutes, async () => ((await recovering(scene)) === 0 ? true : undefined));
  const host = hostOf(readConfig(lab.agent.configFile), 'main');
  const later = nowMicros() + 73 * 3_600_000_000;
  await sweepScratches(host, plan.id, later);
  await sweepScratches(host, null, nowMicros());
  expect(await fetched()).toHaveLength(1);
  await sweepScratches(host, null, later);
  expect(await fetched()).toEqual([]);
  await startProgram(lab, 'api');
  await poll('the api answers', 20_000, () => request(lab, 'GET', '/v1/servers').catch(() => undefined));
  await endOf(lab, run.id);
});

describe('backups that are hard links of each other', () => {
  test('stay so on the box, are hashed once, and a changed one is named', async () => {
    const linked = await mirrorScene({ backupMethod: 'rsync' });
    try {
      const { lab, box } = linked;
      await appendFile(lab.barman.configFile, 'reuse_backup = link\n');
      await takeBackup({ postgres: lab.postgres, barman: lab.barman });
      const first = await mirrorWell(lab);
      await takeBackup({ postgres: lab.postgres, barman: lab.barman });
      const home = path.join(lab.barman.home, 'main');
      const second = await mirrorWell(lab);
      const [here, there] = [await used(path.join(home, 'base')), await used(path.join(box.mirror, 'base'))];
      expect(there).toBeLessThanOrEqual(here * 1.02);
      // A third copy would be as large as the first two together.
      expect(second.push?.bytesSent).toBeLessThan((first.push?.bytesSent ?? 0) / 2);
      expect(second.push?.bytesHashed).toBeLessThan((first.push?.bytesHashed ?? 0) / 2);
      const files = await filesOfMirror(box, 'base');
      const links = await Promise.all(files.map(async (file) => ({ file, links: (await stat(file)).nlink })));
      const shared = links.find((one) => one.links > 1 && /\/base\/\d+\/\d+$/.test(one.file))?.file ?? '';
      await writeFile(`${shared}.new`, await readFile(shared));
      await rename(`${shared}.new`, shared);
      await flipByte(shared);
      const found = await mirror(lab, { check: true });
      expect(found.mirrored.check?.damaged).toEqual([{ path: path.relative(box.mirror, shared), is: 'content' }]);
      await mirrorWell(lab, { compareContents: true });
      expect((await mirrorWell(lab, { check: true })).check).toMatchObject({ damagedFiles: 0 });
    } finally {
      await linked.stop();
    }
  });
});

/** Bytes on disk, what is linked counted once. */
async function used(directory: string): Promise<number> {
  return Number((await mustRun(['du', '-s', '--block-size=1', directory])).split('\t')[0]);
}

/** Its sshd and what that has started; not the client. */
function isOfBox(argv: readonly string[]): boolean {
  return (
    argv[0]?.startsWith('sshd') === true ||
    (argv[0] === 'rsync' && argv[1] === '--server') ||
    argv.some((word) => word.includes('into-box'))
  );
}

async function serving({ lab }: MirrorScene) {
  return (await labProcesses(lab)).filter(({ argv }) => argv[0]?.endsWith('rsync') === true && argv[1] === '--server');
}

/** Complete files only: those in flight lie in a directory of their own. */
async function inodes(directory: string): Promise<Map<string, bigint>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter(
    (one) => one.isFile() && !/\.rsync-partial/.test(one.parentPath) && !one.name.startsWith('.'),
  );
  const found = new Map<string, bigint>();
  for (const one of files) {
    const file = path.join(one.parentPath, one.name);
    const stats = await stat(file, { bigint: true }).catch(() => undefined);
    if (stats) found.set(file, stats.ino);
  }
  return found;
}

async function recovering({ lab }: MirrorScene): Promise<number> {
  return (await labProcesses(lab)).filter(({ argv }) => argv.includes('recover')).length;
}
