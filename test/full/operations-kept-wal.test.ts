import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archiveWal, listBackups } from '../lab/barman-backup.ts';
import { isStreaming } from '../lab/barman-server.ts';
import { startCluster, stopCluster } from '../lab/cluster-control.ts';
import { holdCron } from '../lab/hold-cron.ts';
import { holdStreaming } from '../lab/hold-streaming.ts';
import { sql } from '../lab/psql.ts';
import { mustRun } from '../lab/run-command.ts';
import { takePlace } from '../support/by-hand/fork-by-hand.ts';
import { slotOf } from '../support/abandoned-slot.ts';
import { receiveElsewhere } from '../support/foreign-receiver.ts';
import {
  close,
  commitOf,
  copyAt,
  drillTo,
  insert,
  protect,
  type Scene,
  sceneWith,
  segmentOf,
  streamingOf,
} from '../support/kept-wal-scene.ts';

describe('with streaming', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await sceneWith('streaming');
  });
  afterAll(async () => close(scene));

  test('every commit of a branch that was given up stays with Barman, which streams and archives the new timeline at once', async () => {
    const { lab, operations } = scene;
    const backupId = (await listBackups(lab.barman))[0]?.id ?? '';
    const kept = await insert(lab, 'kept');
    await insert(lab, 'undone');
    const plan = operations.plan();
    const future = await plan.run('future-protect', {});
    expect(future).toMatchObject({ timeline: 1, archived: true, restorePoint: `barback_${plan.plan.slice(-8)}` });
    expect(await plan.observe('future-protect', {})).toEqual({ is: 'complete', result: future });
    // What is copied of the current segment is as old as it was then.
    await insert(lab, 'after the protection');
    const copy = await copyAt(scene, { lsn: kept.lsn, timeline: 1, backupId }, { name: 'fork-1', slot: true });
    const resume = await holdStreaming(lab);
    // A fast stop waits as long for a receiver that does not answer.
    await sql(lab.postgres, "ALTER SYSTEM SET wal_sender_timeout = '3s';\nSELECT pg_reload_conf();");
    const last = await insert(lab, 'the very last');
    const segment = await segmentOf(lab);
    expect((await plan.problem('wal-tail-save', {})).type).toBe('urn:barback:problem:plan-void');
    await stopCluster(lab.postgres);
    const waiting = plan.run('wal-tail-save', {});
    // It waits for the end of pg_receivewal, which has not noticed yet.
    setTimeout(resume, 500);
    const tail = await waiting;
    expect(tail.kept.segments).toContain(`${segment}.partial`);
    expect(tail.setAside).toContain(`${segment}.partial`);
    expect(await streamingOf(lab)).toEqual([]);
    const again = await plan.run('wal-tail-save', {});
    expect({ ...again, seconds: 0 }).toEqual({ ...tail, seconds: 0 });
    await takePlace(lab, copy, 'fork-1');
    await startCluster(lab.postgres);
    await plan.run('receive-wal-start', {});
    await protect(plan, 2);
    expect(await isStreaming(lab.postgres)).toBe(true);

    const facts = await plan.run('wal-facts', { changedSince: null });
    expect(facts.histories.map((one) => one.timeline)).toEqual([2]);
    expect(facts.partialFiles.map((one) => one.segment)).toContain(segment);
    const lsn = await commitOf(plan, { timeline: 1, segment, xid: last.xid });
    const range = { timeline: 1, first: segment, last: segment };
    const read = await plan.run('wal-index', { ...range, carry: null, from: 'barman', catalogues: [] });
    expect(read).toMatchObject({
      end: 'open',
      segments: [{ lastCommit: { xid: last.xid } }],
    });
    expect((await drillTo(scene, { backupId, timeline: 1, lsn })).newest).toEqual({ customer: 'the very last' });
  });

  test('Barman does not mind what is kept below its directory: check, cron, list-backup and delete', async () => {
    const { lab } = scene;
    const barman = (...args: string[]): Promise<string> => mustRun([...lab.barman.argv, ...args]);
    const before = await readdir(path.join(lab.barman.home, 'main', 'kept-wal'), { recursive: true });
    await barman('check', 'main');
    await barman('cron');
    expect(await barman('list-backup', 'main')).not.toContain('kept-wal');
    const [, oldest] = await listBackups(lab.barman);
    await barman('delete', 'main', oldest?.id ?? '');
    expect((await listBackups(lab.barman)).map((one) => one.id)).not.toContain(oldest?.id);
    await barman('check', 'main');
    expect(await readdir(path.join(lab.barman.home, 'main', 'kept-wal'), { recursive: true })).toEqual(before);
    // Nothing leads to the abandoned branch any more, and it is no hole.
    const facts = await scene.operations.plan().run('wal-facts', { changedSince: null });
    expect(facts.runs.filter((run) => run.timeline === 1 && run.place === 'kept')).toEqual([]);
  });

  test('without a slot on the copy, receive-wal begins at live’s current segment, and all is protected as well', async () => {
    const { lab, operations } = scene;
    const backupId = (await listBackups(lab.barman))[0]?.id ?? '';
    const kept = await insert(lab, 'kept on 2');
    await insert(lab, 'undone on 2');
    const plan = operations.plan();
    await plan.run('future-protect', {});
    const copy = await copyAt(scene, { lsn: kept.lsn, timeline: 2, backupId }, { name: 'fork-2', slot: false });
    const last = await insert(lab, 'the last on 2');
    const segment = await segmentOf(lab);
    await stopCluster(lab.postgres);
    await plan.run('wal-tail-save', {});
    await takePlace(lab, copy, 'fork-2');
    await startCluster(lab.postgres);
    await plan.run('slot-renew', {});
    await plan.run('receive-wal-align', {});
    await plan.run('receive-wal-start', {});
    await protect(plan, 3);
    const lsn = await commitOf(plan, { timeline: 2, segment, xid: last.xid });
    expect((await drillTo(scene, { backupId, timeline: 2, lsn })).newest).toEqual({ customer: 'the last on 2' });
  });

  test('a slot of an earlier life of live is made anew, and once more is no different', async () => {
    const { lab, operations } = scene;
    const plan = operations.plan();
    const old = await slotOf(lab);
    await archiveWal(lab);
    await sql(lab.postgres, 'CHECKPOINT');
    // Barman's cron and its receive-wal hold the slot all the time.
    const renewed = await plan.run('slot-renew', {});
    expect(renewed).toEqual({ slot: 'barman', restartLsn: expect.any(String) as string });
    expect(renewed.restartLsn).not.toBe(old?.restartLsn);
    expect((await plan.observe('slot-renew', {})).is).toBe('complete');
    await plan.run('receive-wal-start', {});
    await plan.run('check-passed', { tolerate: [] });
  });

  test('a slot that somebody else uses is not taken from them', async () => {
    const { lab, operations } = scene;
    const plan = operations.plan();
    const release = await holdCron(lab);
    try {
      await plan.run('receive-wal-stop', {});
      const stop = await receiveElsewhere(lab, 'barman');
      expect((await plan.problem('slot-renew', {})).type).toBe('urn:barback:problem:slot-in-use');
      expect((await slotOf(lab))?.active).toBe('t');
      await stop();
    } finally {
      release();
    }
    await plan.run('receive-wal-start', {});
  });

  test('what was set aside comes back, and what a life that was given up has streamed goes to the kept WAL', async () => {
    const { lab, operations } = scene;
    const plan = operations.plan();
    const release = await holdCron(lab);
    await stopCluster(lab.postgres);
    const streaming = path.join(lab.barman.home, 'main', 'streaming');
    const tail = await plan.run('wal-tail-save', {});
    const before = tail.setAside;
    expect(before.length).toBeGreaterThan(0);
    const foreign = path.join(streaming, '00000009.history');
    await mustRun(['install', '-o', lab.barman.osUser, '-m', '600', '/dev/null', foreign]);
    const { putStreamingBack } = await import('@barback/agent/operations/streaming-aside.ts');
    const call = { opid: '', plan: plan.plan, signal: new AbortController().signal, progress() {}, log() {} };
    expect(await putStreamingBack(operations.host, plan.plan, call)).toEqual(before);
    expect(await streamingOf(lab)).toEqual(before);
    expect(await putStreamingBack(operations.host, plan.plan, call)).toEqual([]);
    expect(await streamingOf(lab)).toEqual(before);
    await rm(path.join(tail.kept.directory, 'given-up', '00000009.history'));
    release();
    await startCluster(lab.postgres);
    await plan.run('receive-wal-start', {});
  });
});

describe('with archive_command', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await sceneWith('archive_command');
  });
  afterAll(async () => close(scene));

  test('every commit of a branch that was given up stays with Barman, and the new timeline is archived', async () => {
    const { lab, operations } = scene;
    const backupId = (await listBackups(lab.barman))[0]?.id ?? '';
    const kept = await insert(lab, 'kept');
    await insert(lab, 'undone');
    const plan = operations.plan();
    expect(await plan.run('future-protect', {})).toMatchObject({ timeline: 1, archived: true });
    const copy = await copyAt(scene, { lsn: kept.lsn, timeline: 1, backupId }, { name: 'fork-1', slot: false });
    const last = await insert(lab, 'the very last');
    const segment = await segmentOf(lab);
    await stopCluster(lab.postgres);
    const tail = await plan.run('wal-tail-save', {});
    await takePlace(lab, copy, 'fork-1');
    await startCluster(lab.postgres);
    expect(await plan.run('slot-renew', {})).toEqual({ slot: null, restartLsn: null });
    await plan.run('receive-wal-start', {});
    await protect(plan, 2);
    expect(tail.setAside).toEqual([]);
    const lsn = await commitOf(plan, { timeline: 1, segment, xid: last.xid });
    expect((await drillTo(scene, { backupId, timeline: 1, lsn })).newest).toEqual({ customer: 'the very last' });
  });

  test('while live is down its WAL is kept all the same, and without a directory there is nothing to keep', async () => {
    const { lab, operations } = scene;
    const last = await insert(lab, 'only in pg_wal');
    const segment = await segmentOf(lab);
    await stopCluster(lab.postgres);
    const plan = operations.plan();
    const future = await plan.run('future-protect', {});
    expect(future).toMatchObject({ restorePoint: null, lsn: null, timeline: null, segment: null, archived: false });
    await commitOf(plan, { timeline: 2, segment, xid: last.xid });
    const { dataDir } = lab.postgres;
    await rename(dataDir, `${dataDir}.away`);
    expect(await plan.run('wal-tail-save', {})).toMatchObject({ kept: future.kept, setAside: [] });
    await mkdir(dataDir);
    const unprepared = await operations.plan().run('wal-tail-save', {});
    expect(unprepared).toMatchObject({ kept: { segments: [], histories: [], bytes: 0 }, setAside: [] });
    await rm(dataDir, { recursive: true });
    await rename(`${dataDir}.away`, dataDir);
    await startCluster(lab.postgres);
  });
});
