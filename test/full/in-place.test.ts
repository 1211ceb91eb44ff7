import { lstat, mkdir, readdir, readFile, readlink, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { isStreaming } from '../lab/barman-server.ts';
import type { Lab } from '../lab/lab.ts';
import { mustRun, runCommand } from '../lab/run-command.ts';
import { sql } from '../lab/psql.ts';
import {
  endOf,
  request,
  resume,
  runDrill,
  startRun,
  stepOf,
  waitForRun,
  type PlanBody,
  type RunBody,
} from '../support/barback-client.ts';
import { signalRecover } from '../support/barman-process.ts';
import { carryOutWell, momentOf, planOnceReachable, planPointInTime } from '../support/cutover-client.ts';
import { withSmallDisk } from '../support/small-disk.ts';
import { needsRoot } from '../support/needs-root.ts';
import { rescueArgv } from '../support/rescue-by-hand.ts';
import { linkWal, walOf } from '../support/linked-wal.ts';
import { settledLab } from '../support/settled-lab.ts';

// A disk that has no room for live and its copy at once: live is deleted first, and whatever happens then goes on to the end.

const minutes = 60_000;
const mebibyte = 1024 ** 2;

test('where there is no room beside live it is restored in place: approved by another person, resumed after a failure, without an undo', async (context) => {
  needsRoot(context, 'a filesystem of its own is mounted');
  await withSmallDisk(async (lab) => {
    const order = (customer: string) =>
      sql(lab.postgres, `INSERT INTO orders (customer, amount) VALUES ('${customer}', 1)`);
    const mine = "SELECT string_agg(customer, ',' ORDER BY id) FROM orders WHERE customer IN ('kept', 'undone')";
    await sql(lab.postgres, "ALTER SYSTEM SET work_mem = '5MB'");
    await order('kept');
    const time = await momentOf(lab);
    await order('undone');
    const target = { type: 'time', time };
    const roomy = await planPointInTime(lab, target);
    await leaveFree(lab, roomy);

    const blocked = await planPointInTime(lab, target);
    expect(blocked.state).toBe('blocked');
    expect(JSON.stringify(blocked.findings)).toContain('"inPlace\\": true');

    const plan = await planPointInTime(lab, target, { inPlace: true, bandwidthKBps: 20_000 });
    expect(plan.state, JSON.stringify(plan.findings)).toBe('needs_approval');
    const text = (await request(lab, 'GET', `/v1/plans/${plan.id}.txt`)).text;
    expect(text).toContain('there is none: live is deleted before the copy is made');
    expect(text).toContain('DELETE the stopped live');
    await refusedWithoutApproval(lab, plan);
    const run = await haltedBehindDeletion(lab, plan);
    await resume(lab, run.id);
    const done = await endOf(lab, run.id);
    expect(done.state, JSON.stringify(done.problem)).toBe('succeeded');
    expect(done.liveDatabase).toBe('new-running');
    expect(await sql(lab.postgres, mine)).toBe('kept');
    // Its settings of now were not deleted with it.
    expect(await sql(lab.postgres, 'SHOW work_mem')).toBe('5MB');
    expect(await isStreaming(lab.postgres)).toBe(true);

    const undo = await request(lab, 'POST', `/v1/runs/${run.id}/undo`, { body: {} });
    expect(undo.json).toMatchObject({ type: 'urn:barback:problem:nothing-kept' });
    const rescued = await runCommand(await rescueArgv(lab, 'undo'));
    expect([rescued.code, rescued.stderr]).toEqual([1, expect.stringContaining('holds no cluster')]);
    const state = await readFile(`${lab.postgres.dataDir}.before-${plan.id}.STATE.txt`, 'utf8');
    expect(state).toContain('There is nothing to put back');
    await makeRoom(lab);
    await order('undone');
    const probe = { name: 'mine', database: 'system', sql: mine };
    const drill = await runDrill(lab, { type: 'latest' }, { probes: [probe] });
    expect(drill.state, JSON.stringify(drill.problem)).toBe('succeeded');
    // What was undone is not lost with the cluster that was deleted: it is on the branch that was given up.
    const before = await runDrill(lab, { type: 'name', name: restorePointOf(done) }, { probes: [probe] });
    expect(before.result?.probes[0]?.rows).toEqual([{ string_agg: 'kept,undone' }]);
  });
});

test('a cancel behind the deletion ends with no database at the live path, says so, and another plan brings it back', async () => {
  const { lab, stop } = await settledLab({ sizeMb: 64 });
  try {
    await sql(lab.postgres, 'CREATE TABLE notes (text text)');
    await sql(lab.postgres, "INSERT INTO notes VALUES ('kept')");
    const target = { type: 'time', time: await momentOf(lab) };
    await sql(lab.postgres, "INSERT INTO notes VALUES ('undone')");
    const plan = await planOnceReachable(lab, target, { inPlace: true, bandwidthKBps: 20_000 });
    await refusedWithoutApproval(lab, plan);
    const run = await haltedBehindDeletion(lab, plan);
    expect((await request(lab, 'POST', `/v1/runs/${run.id}/cancel`)).status).toBe(202);
    const over = await waitForRun(lab, run.id, (one) => one.state === 'cancelled', minutes);
    expect(over.liveDatabase).toBe('down');
    const said = (await request(lab, 'GET', `/v1/runs/${run.id}.txt`)).text;
    expect(said).toContain('there is no database at the live path');
    const blocked = await planPointInTime(lab, target);
    expect(blocked.findings.map((one) => one.code)).toContain('cutover-left-open');
    expect(await mustRun(await rescueArgv(lab, 'lift'))).toContain('hold and fence are lifted');
    const done = await carryOutWell(lab, await planPointInTime(lab, target));
    expect(done.liveDatabase).toBe('new-running');
    expect(await sql(lab.postgres, 'SELECT text FROM notes')).toBe('kept');
  } finally {
    await stop();
  }
});

test('a cluster with a tablespace and its pg_wal elsewhere is restored in place, each part where it was', async () => {
  const { lab, stop } = await settledLab({ tablespace: true });
  try {
    await linkWal(lab);
    const wal = await readlink(walOf(lab));
    await sql(lab.postgres, "INSERT INTO archive_orders (id, customer, amount) VALUES (900001, 'kept', 1)");
    const target = { type: 'time', time: await momentOf(lab) };
    await sql(lab.postgres, "INSERT INTO archive_orders (id, customer, amount) VALUES (900002, 'undone', 1)");
    const plan = await planOnceReachable(lab, target, { inPlace: true });
    await refusedWithoutApproval(lab, plan);
    const done = await endOf(lab, (await startRun(lab, plan)).id);
    expect([done.state, done.liveDatabase], JSON.stringify(done.problem)).toEqual(['succeeded', 'new-running']);
    const mine = "SELECT string_agg(customer, ',') FROM archive_orders WHERE customer IN ('kept', 'undone')";
    expect(await sql(lab.postgres, mine)).toBe('kept');
    expect((await lstat(walOf(lab))).isSymbolicLink()).toBe(true);
    // On the same filesystems, in directories of its own: what the links led to before is gone.
    expect(path.dirname(await readlink(walOf(lab)))).toBe(path.dirname(wal));
    const [where, former] = [await tablespaceOf(lab), lab.postgres.tablespaceDir ?? ''];
    expect(path.dirname(where)).toBe(path.dirname(former));
    for (const directory of [wal, former]) {
      const left = await readdir(directory).catch(() => []);
      expect([directory, left.length > 0]).toEqual([
        directory,
        [where, await readlink(walOf(lab))].includes(directory),
      ]);
    }
    expect(await isStreaming(lab.postgres)).toBe(true);
    const drill = await runDrill(
      lab,
      { type: 'latest' },
      { probes: [{ name: 'mine', database: 'system', sql: mine }] },
    );
    expect(drill.result?.probes[0]?.rows).toEqual([{ string_agg: 'kept' }]);
  } finally {
    await stop();
  }
});

function tablespaceOf(lab: Lab): Promise<string> {
  return sql(lab.postgres, "SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = 'ts1'");
}

/** Barman is killed while it makes the copy: live is deleted by then, and a person decides. */
async function haltedBehindDeletion(lab: Lab, plan: PlanBody): Promise<RunBody> {
  const { id } = await startRun(lab, plan);
  await waitForRun(lab, id, (one) => (stepOf(one, 'recover').progress?.bytes ?? 0) > 0, 2 * minutes);
  await signalRecover(lab, 'SIGKILL');
  const halted = await endOf(lab, id);
  expect(halted).toMatchObject({ state: 'needs_operator', liveDatabase: 'down' });
  return halted;
}

const ballast = (lab: Lab): string => path.join(path.dirname(lab.dir), 'ballast', 'file');

/** Somebody else's files leave so little that live and a copy do not fit, and one of them does. */
async function leaveFree(lab: Lab, { predictions }: PlanBody): Promise<void> {
  const { scratchBytes, walBytes } = predictions;
  const wal = walBytes ?? 0;
  const floor = 64 * mebibyte;
  const forBoth = floor + (scratchBytes + 2 * wal) + (scratchBytes + wal);
  const file = ballast(lab);
  await mkdir(path.dirname(file));
  const { bavail, bsize } = await statfs(path.dirname(file));
  await mustRun(['fallocate', '-l', String(bavail * bsize - (forBoth - 20 * mebibyte)), file]);
}

const makeRoom = (lab: Lab): Promise<void> => rm(ballast(lab));

async function refusedWithoutApproval(lab: Lab, plan: PlanBody): Promise<void> {
  const alone = await request(lab, 'POST', `/v1/plans/${plan.id}/runs`);
  expect(alone.json).toMatchObject({ type: 'urn:barback:problem:approval-required' });
  const body = { hash: plan.hash };
  const approved = await request(lab, 'POST', `/v1/plans/${plan.id}/approvals`, { role: 'approver', body });
  expect(approved.status, approved.text).toBeLessThan(300);
}

function restorePointOf({ result }: RunBody): string {
  const { cutover } = result as unknown as { cutover: { restorePoint: { name: string } } };
  return cutover.restorePoint.name;
}
