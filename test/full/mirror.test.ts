import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listBackups, takeBackup } from '../lab/barman-backup.ts';
import type { Lab } from '../lab/lab.ts';
import { labProcesses } from '../lab/lab-processes.ts';
import { sql } from '../lab/psql.ts';
import { mustRun } from '../lab/run-command.ts';
import { configureAgent } from '../support/agent-config.ts';
import { endOf, request, runDrill, stepOf, waitForRun } from '../support/barback-client.ts';
import type { Box } from '../support/box.ts';
import { mirror, mirrorPage, mirrorWell, startMirror } from '../support/mirror-client.ts';
import { flipByte } from '../support/flip-byte.ts';
import { filesOfMirror, mark, mirrorScene } from '../support/mirror-scene.ts';
import { Mounts } from '../support/mounts.ts';

const minutes = 60_000;
const mebibyte = 1024 ** 2;

let lab: Lab;
let stop: () => Promise<void> = async () => {};
let box: Box;
const mounts = new Mounts();

beforeAll(async () => {
  ({ lab, box, stop } = await mirrorScene());
});
afterAll(async () => {
  await mounts.unmountAll();
  await stop();
});

const filesBelow = (directory: string): Promise<string[]> => filesOfMirror(box, directory);

describe('a mirror', () => {
  test('is drilled from what the box holds alone, up to the commit that its page says, and leaves nothing behind', async () => {
    await mark(lab);
    await mirrorWell(lab);
    const promised = (await mirrorPage(lab)).current?.newestCommit;
    const probe = {
      name: 'marks',
      database: 'system',
      sql: `SELECT count(*) FROM marks WHERE xid <= ${promised?.xid ?? 0}`,
    };
    const done = await runDrill(lab, { type: 'latest' }, { from: 'mirror', probes: [probe] });
    expect(done.state, JSON.stringify(done.problem)).toBe('succeeded');
    const there = await sql(lab.postgres, `SELECT count(*) FROM marks WHERE xid <= ${promised?.xid ?? 0}`);
    expect(done.result?.probes[0]?.rows).toEqual([{ count: there }]);
    expect(done.result?.manifest).toBe('verified');
    expect(stepOf(done, 'judge-mirrored').state).toBe('succeeded');
    const beside = await readdir(path.dirname(lab.postgres.dataDir));
    expect(beside.filter((name) => /\.(mirror|restore)-/.test(name))).toEqual([]);
    const elsewhere = await request(lab, 'POST', '/v1/plans', {
      body: { server: 'main', scenario: 'drill', target: { type: 'xid', xid: 700 }, options: { from: 'mirror' } },
    });
    expect(elsewhere.json).toMatchObject({ type: 'urn:barback:problem:validation-failed' });
  });

  test('that lacks what its page says fails its drill, by name', async () => {
    await mark(lab);
    await mirrorWell(lab);
    await rm(path.join(box.mirror, 'streaming'), { recursive: true });
    const short = await runDrill(lab, { type: 'latest' }, { from: 'mirror' });
    expect(short.problem).toMatchObject({ type: 'urn:barback:problem:mirror-damaged' });
    expect(short.problem?.detail).toContain('is said to hold every commit up to');
    const [history] = await filesBelow('base').then((all) => all.filter((file) => file.endsWith('global/pg_control')));
    await flipByte(history ?? '');
    const broken = await runDrill(lab, { type: 'latest' }, { from: 'mirror' });
    expect(broken.state).toBe('failed');
    await mirrorWell(lab, { compareContents: true });
    expect((await runDrill(lab, { type: 'latest' }, { from: 'mirror' })).state).toBe('succeeded');
  });

  test('lets go of what retention has deleted, and of nothing else', async () => {
    const [oldest] = (await listBackups(lab.barman)).toReversed();
    const made = await takeBackup(lab);
    await mirrorWell(lab);
    expect(await readdir(path.join(box.mirror, 'base'))).toContain(oldest?.id);
    await mustRun([...lab.barman.argv, 'delete', 'main', oldest?.id ?? '']);
    await mirrorWell(lab);
    const kept = (await listBackups(lab.barman)).map(({ id }) => id);
    expect((await readdir(path.join(box.mirror, 'base'))).toSorted()).toEqual(kept.toSorted());
    expect(kept).toContain(made);
    expect((await mirror(lab, { check: true })).state).toBe('succeeded');
  });
});

describe('damage on the box', () => {
  test('is named by a check whatever kind it is, and mended', async () => {
    const [flipped, gone] = await filesBelow('base').then((all) =>
      all.filter((file) => /\/base\/\d+\/\d+$/.test(file)),
    );
    const [segment] = await filesBelow('wals').then((all) => all.filter((file) => /[0-9A-F]{24}$/.test(file)));
    await flipByte(flipped ?? '');
    await flipByte(segment ?? '');
    await rm(gone ?? '');
    const found = await mirror(lab, { check: true });
    expect(found.problem).toMatchObject({ type: 'urn:barback:problem:mirror-damaged' });
    const names = [flipped, segment, gone].map((file) => path.relative(box.mirror, file ?? ''));
    expect(found.mirrored.check?.how).toBe('box');
    expect(found.mirrored.check?.damaged.toSorted((a, b) => a.path.localeCompare(b.path))).toEqual(
      [
        { path: names[0], is: 'content' },
        { path: names[1], is: 'content' },
        { path: names[2], is: 'missing' },
      ].toSorted((a, b) => (a.path ?? '').localeCompare(b.path ?? '')),
    );
    expect((await mirrorPage(lab)).problem?.detail).toContain('3 of');
    await mirrorWell(lab, { compareContents: true });
    expect((await mirrorWell(lab, { check: true })).check).toMatchObject({ damagedFiles: 0 });
  });

  test('is found in what is fetched where the shell of the box cannot hash', async () => {
    await box.allow('rsync', 'mkdir');
    try {
      const [flipped = ''] = await filesBelow('base').then((all) =>
        all.filter((file) => file.endsWith('pg_filenode.map')),
      );
      await flipByte(flipped);
      const found = await mirror(lab, { check: true, sampleMax: 10_000 });
      expect(found.mirrored.check).toMatchObject({
        how: 'fetched',
        damaged: [{ path: path.relative(box.mirror, flipped), is: 'content' }],
      });
      await mirrorWell(lab, { compareContents: true });
    } finally {
      await box.allow('rsync', 'mkdir', 'sha256sum');
    }
  });
});

describe('a box', () => {
  test('with another host key gets nothing, and is named', async () => {
    const known = await readFile(box.account.knownHostsFile, 'utf8');
    const other = path.join(lab.dir, 'other-key');
    await mustRun(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', other]);
    const [type, key] = (await readFile(`${other}.pub`, 'utf8')).split(' ');
    await writeFile(box.account.knownHostsFile, `[127.0.0.1]:${box.account.port} ${type} ${key}\n`);
    const refused = await mirror(lab);
    expect(refused.problem).toMatchObject({ type: 'urn:barback:problem:mirror-refused' });
    expect(refused.problem?.detail).toContain('not the one whose key is known');
    await writeFile(box.account.knownHostsFile, known);
    await mirrorWell(lab);
  });

  test('whose connection breaks in the middle is connected to again, and gets the rest', async () => {
    await rm(path.join(box.home, 'barman-mirror'), { recursive: true, force: true });
    await configureAgent(lab, (server) => void Object.assign(server.mirror ?? {}, { bandwidthKBps: 20_000 }));
    const id = await startMirror(lab);
    const isSending = ({ progress }: { progress: { phase: string; bytes: number } | null }): boolean =>
      progress?.phase === 'backups' && progress.bytes > mebibyte;
    await waitForRun(lab, id, (run) => isSending(stepOf(run, 'mirror')), minutes);
    const serving = (await labProcesses(lab)).filter(
      ({ argv }) => argv[0]?.endsWith('rsync') === true && argv[1] === '--server',
    );
    expect(serving.length).toBeGreaterThan(0);
    for (const { pid } of serving) process.kill(pid, 'SIGKILL');
    const run = await endOf(lab, id);
    expect(run.state, JSON.stringify(run.problem)).toBe('succeeded');
    await configureAgent(lab, (server) => void Object.assign(server.mirror ?? {}, { bandwidthKBps: 1_000_000 }));
    expect((await mirrorWell(lab, { check: true })).check).toMatchObject({ damagedFiles: 0 });
  });

  test('that is full is named, keeps what it had, and gets the rest when there is room', async ({ skip }) => {
    Mounts.require(skip);
    await mounts.mount(['-t', 'tmpfs', '-o', 'size=8m,mode=0777', 'tmpfs'], box.home);
    const full = await mirror(lab);
    expect(full.problem).toMatchObject({ type: 'urn:barback:problem:insufficient-space' });
    await mounts.unmount(box.home);
    await mirrorWell(lab);
  });
});
