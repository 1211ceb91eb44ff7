import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Result } from '@barback/shared/operations/index.ts';
import type { ScheduleView } from '@barback/api/schedules/schedule-view.ts';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { listBackups, waitForCleanCheck } from '../lab/barman-backup.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { killProgram, startProgram } from '../lab/programs.ts';
import { runCommand } from '../lab/run-command.ts';
import { sql } from '../lab/psql.ts';
import { endOf, planDrill, request, startRun, stepOf, waitForRun, type RunBody } from '../support/barback-client.ts';
import type { Box } from '../support/box.ts';
import {
  acknowledgedPlan,
  loseHost,
  marksOf,
  planFromMirror,
  predictedLoss,
  type LeftBehind,
} from '../support/lost-host.ts';
import { mirror, mirrorWell } from '../support/mirror-client.ts';
import { flipByte } from '../support/flip-byte.ts';
import { filesOfMirror, mark, mirrorScene } from '../support/mirror-scene.ts';
import { destroyHost, moveRecord, secondHost } from '../support/second-host.ts';

const minutes = 60_000;

interface Scene extends LeftBehind {
  readonly first: Lab;
  readonly second: Lab;
  readonly box: Box;
  readonly backups: readonly string[];
}

let scene: Scene;
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  const { lab: first, box, stop } = await mirrorScene();
  stops.push(stop);
  const second = await secondHost(first, box);
  stops.push(second.stop);
  const backups = (await listBackups(first.barman)).map((one) => one.id);
  // Ordered by ICU, because the locale of the lab is C, which has no version.
  const ordered = "TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C'";
  await sql(first.postgres, `CREATE DATABASE words ${ordered}`);
  await sql(first.postgres, 'CREATE TABLE names (name text PRIMARY KEY)', 'words');
  await sql(first.postgres, "UPDATE pg_database SET datcollversion = '1.0' WHERE datname = 'words'");
  const left = await loseHost(first);
  await moveRecord(first, second.lab);
  scene = { first, second: second.lab, box, backups, ...left };
});
const stopAll = async (): Promise<void> => {
  for (const stop of stops.splice(0).toReversed()) await stop();
};
afterEach(stopAll);
afterAll(stopAll);

async function restored(run: RunBody): Promise<void> {
  const { second, held, backups } = scene;
  expect(run.state, JSON.stringify(run.problem)).toBe('succeeded');
  expect(await marksOf(second)).toEqual(held);
  expect((await listBackups(second.barman)).map((one) => one.id)).toEqual(expect.arrayContaining([...backups]));
  await waitForCleanCheck(second.barman);
}

test('a host that was restored from the mirror is protected as the lost one was: a drill of it succeeds, and the mirror goes on', async () => {
  const { second, lost, backups } = scene;
  const plan = await acknowledgedPlan(second);
  expect(predictedLoss(plan)).toBeGreaterThanOrEqual(lost.length);
  const run = await endOf(second, (await startRun(second, plan)).id);
  await restored(run);
  // The lost host had another version of the collation, as far as its catalogue says.
  const { reindexed } = run.result as unknown as { reindexed: Result<'live-reindex'> };
  const [one] = reindexed.databases;
  expect([one?.name, one?.from, one?.indexes]).toEqual(['words', '1.0', expect.any(Number)]);
  expect(one?.indexes).toBeGreaterThan(0);
  const version = 'datcollversion = pg_database_collation_actual_version(oid)';
  expect(await sql(second.postgres, `SELECT ${version} FROM pg_database WHERE datname = 'words'`)).toBe('t');
  const xid = await mark(second);
  const drill = await endOf(second, (await startRun(second, await planDrill(second, { type: 'latest' }))).id);
  expect(drill.state, JSON.stringify(drill.problem)).toBe('succeeded');
  expect(drill.result?.lastReplayed?.xid).toBeGreaterThanOrEqual(Number(xid));
  expect((await mirrorWell(second)).push?.backups.length).toBeGreaterThan(backups.length);
  const kept = await readdir(second.barman.home);
  expect(kept.filter((name) => name.startsWith('main.before-'))).toHaveLength(1);
  // What was here before is not lost either.
  const undo = await request(second, 'GET', '/v1/servers/main/kept');
  expect((undo.json as { kept: unknown[] }).kept).toHaveLength(1);
});

test('a run that is killed again and again, api, agent and job alike, goes on and fetches nothing twice', async () => {
  const { first, second, box } = scene;
  const { id } = await startRun(second, await acknowledgedPlan(second));
  const names = ['fetch', 'recover', 'seal', 'adopt-home', 'backfill', 'backup'];
  const kill: Record<string, () => Promise<void>> = {
    fetch: () => killProgram(second, 'runner'),
    recover: () => killed(first, 'api'),
    seal: () => killed(second, 'executor'),
    'adopt-home': () => killed(first, 'api'),
    backfill: () => killProgram(second, 'runner').catch(() => undefined),
    backup: () => killed(second, 'executor'),
  };
  for (const name of names) {
    await waitForRun(second, id, (run) => stepOf(run, name).startedAt !== null, 4 * minutes);
    await kill[name]?.();
  }
  const run = await ended(second, id);
  await restored(run);
  const { fetched, filled } = run.result as unknown as Record<'fetched' | 'filled', { bytes: number }>;
  const whole = await bytesOf(box);
  // The tries before the last one have brought the rest; what streams is sent in full.
  expect(fetched.bytes + filled.bytes).toBeLessThan(1.2 * whole);
});

test('a file that is damaged in the mirror is named before anything of the host is replaced, and a mended one is enough', async () => {
  const { second, box, held } = scene;
  const wals = (await filesOfMirror(box, 'wals')).filter((name) => /\/[0-9A-F]{24}$/.test(name)).toSorted();
  const newest = wals.at(-1) ?? '';
  await flipByte(newest);
  const first = await endOf(second, (await startRun(second, await acknowledgedPlan(second))).id);
  expect(first.state).toBe('failed');
  expect(first.problem?.detail).toContain(path.basename(newest));
  expect(first.liveDatabase).toContain('running');
  expect(await sql(second.postgres, "SELECT count(*) FROM pg_class WHERE relname = 'marks'")).toBe('0');
  await flipByte(newest);
  const again = await endOf(second, (await startRun(second, await acknowledgedPlan(second))).id);
  await restored(again);
  const { fetched } = again.result as unknown as { fetched: { files: number } };
  expect(fetched.files).toBeLessThan(60);
  expect(held.length).toBeGreaterThan(1);
});

test('while the box is written to by somebody else the plan is void; and what is here is not sent there before everything is back', async () => {
  const { second, box } = scene;
  const plan = await acknowledgedPlan(second);
  const manifest = path.join(box.mirror, 'barback-mirror.json');
  const text = await readFile(manifest, 'utf8');
  const at = (JSON.parse(text) as { at: string }).at;
  await writeFile(
    manifest,
    text.replace(
      at,
      at.replace(/\d(?=Z)/, (digit) => String((Number(digit) + 1) % 10)),
    ),
  );
  const run = await endOf(second, (await startRun(second, plan)).id);
  expect(run.state).toBe('failed');
  expect(run.problem?.type).toContain('plan-void');
  // Not even by somebody who says that the other cluster is meant.
  const acknowledge = ['system-identifier'];
  const other = await mirror(second, { acknowledge });
  expect([other.state, other.problem?.detail]).toEqual(['failed', expect.stringContaining('another cluster')]);
  // As after a crash between the two: Barman has less than the box.
  const record = path.join(second.dir, 'agent', 'state', 'mirrors', 'main.backfill.json');
  await writeFile(record, '{}');
  const refused = await mirror(second, { acknowledge });
  expect([refused.state, refused.problem?.detail]).toEqual(['failed', expect.stringContaining('is back here')]);
  expect((await stat(path.join(box.mirror, 'base'))).isDirectory()).toBe(true);
});

test("a run that was under way when the host died stands in nobody's way", async () => {
  const { first, second, box } = scene;
  // The agent that began it does not answer any more; the one that does has never heard of it.
  const ready = await acknowledgedPlan(second);
  const { id } = await startRun(second, ready);
  await waitForRun(second, id, (run) => stepOf(run, 'recover').startedAt !== null, 4 * minutes);
  await destroyHost(second);
  const third = await secondHost(first, box);
  stops.push(third.stop);
  await moveRecord(first, third.lab);
  const abandoned = await endOf(third.lab, id);
  expect([abandoned.state, abandoned.problem?.type]).toEqual(['failed', expect.stringContaining('agent-replaced')]);
  scene = { ...scene, second: third.lab };
  await restored(await endOf(third.lab, (await startRun(third.lab, await acknowledgedPlan(third.lab))).id));
});

test('a rehearsal, which a schedule may begin, asks nobody whether the old host is gone, and leaves applications alone', async () => {
  const { second } = scene;
  const plan = await planFromMirror(second, { rehearsal: true });
  const codes = plan.findings.filter((one) => one.severity === 'confirm').map((one) => one.code);
  expect(codes).not.toContain('old-host');
  const by = { server: 'main', name: 'rehearsal', scenario: 'restore-from-mirror', cron: '0 3 1 1 *' };
  const real = await request(second, 'POST', '/v1/schedules', { body: { ...by, options: { acknowledge: codes } } });
  expect(real.json).toMatchObject({ status: 422 });
  const options = { rehearsal: true, acknowledge: codes };
  const { id } = (await request(second, 'POST', '/v1/schedules', { body: { ...by, options } })).json as ScheduleView;
  expect((await request(second, 'POST', `/v1/schedules/${id}/firings`)).status).toBe(202);
  const run = await poll('the run of the schedule', 60_000, async () => {
    const view = (await request(second, 'GET', `/v1/schedules/${id}`)).json as ScheduleView;
    return view.firings[0]?.run ?? undefined;
  });
  await restored(await endOf(second, run));
});

async function killed(lab: Lab, name: 'api' | 'executor'): Promise<void> {
  await killProgram(lab, name);
  await startProgram(lab, name);
}

/** Where a person is asked, because the outcome is not known, the run is told to go on. */
async function ended(lab: Lab, id: string): Promise<RunBody> {
  for (let tries = 0; ; tries += 1) {
    const run = await endOf(lab, id);
    if (run.state !== 'needs_operator' || tries === 5) return run;
    await request(lab, 'POST', `/v1/runs/${id}/resume`);
    await poll('the run goes on', 20_000, async () =>
      (await waitForRun(lab, id, () => true, 5_000)).state === 'needs_operator' ? undefined : true,
    );
  }
}

async function bytesOf(box: Box): Promise<number> {
  const said = await runCommand(['du', '-sb', box.mirror]);
  return Number(said.stdout.split('\t')[0]);
}
