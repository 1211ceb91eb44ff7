import { lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { archiveWal, listBackups } from '../lab/barman-backup.ts';
import { startCluster, stopCluster } from '../lab/cluster-control.ts';
import { sql } from '../lab/psql.ts';
import { mustRun } from '../lab/run-command.ts';
import { configureAgent } from '../support/agent-config.ts';
import { decide, endOf, hasEnded, request, startRun, waitForRun, type RunBody } from '../support/barback-client.ts';
import { carryOutWell, cutoverOf, planOnceReachable, planUndo } from '../support/cutover-client.ts';
import { expectProtected, note, notes, targetBehind } from '../support/restored-and-undone.ts';
import { linkWal, walOf } from '../support/linked-wal.ts';
import { settledLab, type SettledOptions } from '../support/settled-lab.ts';

interface Setup {
  readonly options: SettledOptions;
  readonly streams: boolean;
  /** What is changed of the lab before anything is restored. */
  readonly prepare?: (lab: Lab) => Promise<void>;
}

const setups: readonly (readonly [string, Setup])[] = [
  ['whose WAL reaches Barman by archive_command alone', { options: { archiving: 'archive_command' }, streams: false }],
  [
    'whose WAL reaches Barman by archive_command and streaming',
    { options: { archiving: 'both', walCompression: 'gzip' }, streams: true },
  ],
  ['with rsync backups and a tablespace', { options: { backupMethod: 'rsync', tablespace: true }, streams: true }],
  ['with Barman 3.13', { options: { barman: '3.13' }, streams: true }],
  ['whose pg_wal lies behind a symbolic link', { options: {}, streams: true, prepare: linkWal }],
  ['whose pg_hba.conf lies in the data directory', { options: {}, streams: true, prepare: moveHbaInside }],
];

describe.each(setups)('live %s', (_name, { options, streams, prepare }) => {
  let lab: Lab;
  let stop: () => Promise<void> = async () => {};

  beforeAll(async () => {
    ({ lab, stop } = await settledLab(options));
    await prepare?.(lab);
  });

  afterAll(() => stop());

  test('gets a base backup on demand, although nobody writes', async () => {
    const before = (await listBackups(lab.barman)).length;
    const body = { server: lab.server, scenario: 'backup' };
    const { json } = await request(lab, 'POST', '/v1/runs', { body });
    await waitForRun(lab, (json as RunBody).id, (one) => one.state === 'succeeded');
    const after = await listBackups(lab.barman);
    expect(after).toHaveLength(before + 1);
    expect(after.map((one) => one.status)).not.toContain('FAILED');
  });

  test('is rolled back, is protected again with its history in the archive, and comes back as it was', async () => {
    const walWasLink = (await lstat(walOf(lab))).isSymbolicLink();
    const target = await targetBehind(lab, 'before');
    await note(lab, 'after');
    const restored = await restoreFenced(target);
    expect(await notes(lab)).toEqual(['before']);
    expect(cutoverOf(restored).history).toBe('00000002.history');
    expect(await readdir(path.join(lab.barman.home, lab.server, 'wals'))).toContain('00000002.history');
    await expectProtected(lab, restored, streams);

    expect((await lstat(walOf(lab))).isSymbolicLink()).toBe(walWasLink);

    const undone = await carryOutWell(lab, await planUndo(lab, restored));
    expect(await notes(lab)).toEqual(['before', 'after']);
    await expectProtected(lab, undone, streams);
    const kept = (await request(lab, 'GET', `/v1/servers/${lab.server}/kept`)).json as { kept: { plan: string }[] };
    expect(kept.kept.map((one) => one.plan)).toEqual([undone.planId]);
    expect(await sql(lab.postgres, 'SELECT pg_is_in_recovery()')).toBe('f');
    const rules = await readFile(await sql(lab.postgres, 'SHOW hba_file'), 'utf8');
    expect(rules).not.toContain('Barback fence');
  });

  /** Waits at the last gate before live is open, where nobody else gets in. */
  async function restoreFenced(target: object): Promise<RunBody> {
    await archiveWal(lab);
    const plan = await planOnceReachable(lab, target, { confirmBeforeOpen: true });
    const { id } = await startRun(lab, plan);
    const waiting = await waitForRun(lab, id, (one) => one.state === 'waiting' || hasEnded(one));
    expect(waiting.state, JSON.stringify(waiting.problem)).toBe('waiting');
    const client = new Client({ ...lab.postgres, user: 'app' });
    await expect(client.connect()).rejects.toThrow(/pg_hba.conf rejects connection/);
    await decide(lab, id, 'confirm-open', 'open');
    const run = await endOf(lab, id);
    expect(run.state, JSON.stringify(run.problem)).toBe('succeeded');
    return run;
  }
});

async function moveHbaInside(lab: Lab): Promise<void> {
  const { dataDir, configDir } = lab.postgres;
  const inside = path.join(dataDir, 'pg_hba.conf');
  await mustRun(['cp', '--', path.join(configDir, 'pg_hba.conf'), inside]);
  if (process.geteuid?.() === 0) await mustRun(['chown', `${lab.postgres.osUser}:`, inside]);
  await writeFile(path.join(configDir, 'conf.d', 'zz-hba.conf'), `hba_file = '${inside}'\n`, { mode: 0o644 });
  await stopCluster(lab.postgres);
  await startCluster(lab.postgres);
  await configureAgent(lab, (server) => (server.postgres.hbaFile = inside));
}
