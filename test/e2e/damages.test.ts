import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { windowSchema, type WindowView } from '@barback/api/window/window-schema.ts';
import { reachableSchema } from '@barback/api/targets/reachable-view.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archiveWal, listBackups, takeBackup, waitUntilDone } from '../lab/barman-backup.ts';
import { isAtLeast, parseBarmanRelease } from '../lab/barman-release.ts';
import { holdStreaming } from '../lab/hold-streaming.ts';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { mustRun } from '../lab/run-command.ts';
import {
  planDrill,
  refusedDrill,
  request,
  startRun,
  waitForRun,
  type PlanBody,
  type ProblemBody,
} from '../support/barback-client.ts';
import { forkByHand } from '../support/by-hand/fork-by-hand.ts';
import { remove, rewrite, rewriteContent, type Mend } from '../support/damage-wal.ts';
import { settledLab } from '../support/settled-lab.ts';

let lab: Lab;
let stop: () => Promise<void> = async () => {};
/** Transactions before, in and behind the segment that the tests damage. */
let xids: { before: number; within: number; behind: number };
let segment = '';

beforeAll(async () => {
  ({ lab, stop } = await settledLab({ walCompression: 'gzip' }));
  const before = await commitAndArchive();
  const within = await commitAndArchive();
  const behind = await commitAndArchive();
  xids = { before: before.xid, within: within.xid, behind: behind.xid };
  segment = within.segment;
});

afterAll(() => stop());

describe('damage to the archive', () => {
  const half = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length / 2);
  const damages: readonly (readonly [cause: string, what: string, damage: () => Promise<Mend>])[] = [
    ['missing', 'a removed segment', () => remove(lab, segment)],
    ['truncated', 'a segment of half the size', () => rewriteContent(lab, segment, half)],
    ['undecompressable', 'a compressed segment of which half is gone', () => rewrite(lab, segment, half)],
    ['undecompressable', 'a compressed segment with other bytes in it', () => rewrite(lab, segment, otherBytes)],
    ['damaged', 'a segment with other bytes in its records', () => rewriteContent(lab, segment, otherRecords)],
    ['foreign', 'a segment of another cluster', () => rewriteContent(lab, segment, otherCluster)],
  ];

  test.each(damages)(
    '%s: %s is a hole, no target across it can be planned, and mending it closes it',
    async (cause, _what, damage) => {
      const mend = await damage();
      try {
        const refused = await refusedDrill(lab, { type: 'xid', xid: xids.behind });
        expect([refused.type, refused.facts?.['reason']]).toEqual(['urn:barback:problem:target-unreachable', 'broken']);
        expect(refused.detail).toContain(segment);
        const seen = await windowOf();
        expect(seen.holes.map((one) => [one.timeline, one.first, one.last, one.cause])).toEqual([
          [1, segment, segment, cause],
        ]);
        expect(seen.holes[0]?.detail).toMatch(/.{10}/);
        expect(seen.intervals.map((one) => one.ends)).toContain(cause === 'missing' ? 'missing' : 'unreadable');
        expect(await reasonOf(`xid=${xids.behind}`)).toBe('broken');
        await planDrill(lab, { type: 'xid', xid: xids.before });
        expect(codesOf(await planDrill(lab, { type: 'latest' }))).toContain('wal-gap blocking');
      } finally {
        await mend();
      }
      expect(codesOf(await planDrill(lab, { type: 'xid', xid: xids.behind }))).toEqual([]);
      expect((await windowOf()).holes).toEqual([]);
      expect(await reasonOf(`xid=${xids.behind}`)).toBeNull();
      expect(await holeEvents()).toEqual([
        { type: 'wal.hole-found', cause, segment },
        { type: 'wal.hole-closed', cause, segment },
      ]);
    },
  );
});

describe('a plan whose ground has shifted before it starts is void, says what differs, and touches nothing:', () => {
  test('WAL that it needs is gone', async () => {
    const plan = await planDrill(lab, { type: 'xid', xid: xids.behind });
    const mend = await remove(lab, segment);
    try {
      const problem = await voided(plan);
      expect(problem).toMatch(/^urn:barback:problem:plan-void .*WAL from .* with a hole/);
    } finally {
      await mend();
    }
  });

  test('its backup was deleted', async () => {
    const id = await takeBackup(lab);
    const plan = await planDrill(lab, { type: 'latest' });
    expect(plan.backup.id).toBe(id);
    await mustRun([...lab.barman.argv, 'delete', lab.server, id]);
    expect(await voided(plan)).toContain(id);
  });
});

describe('a base backup', () => {
  test('that waits for its WAL is not offered, blocks the plan that names it, and is taken once Barman has the WAL', async () => {
    // The last segment of the backup stays on its way.
    const release = await holdStreaming(lab);
    let waiting = '';
    try {
      await mustRun([...lab.barman.argv, 'backup', '--immediate-checkpoint', lab.server], { limitMs: 120_000 });
      const [newest] = await listBackups(lab.barman);
      expect(newest?.status).toBe('WAITING_FOR_WALS');
      waiting = newest?.id ?? '';
      expect((await planDrill(lab, { type: 'latest' })).backup.id).not.toBe(waiting);
      expect(reasonsOf(await windowOf(), waiting)).toEqual(['it is WAITING_FOR_WALS, not DONE']);
      await expectBlocked(waiting, 'backup-not-done');
    } finally {
      release();
    }
    await waitUntilDone(lab, waiting);
    const plan = await planDrill(lab, { type: 'latest' });
    expect([plan.backup.id, codesOf(plan)]).toEqual([waiting, []]);
  });

  test('of another cluster in the catalogue is not offered, blocks the plan that names it, and is nothing once it is gone', async () => {
    const own = await listBackups(lab.barman);
    const foreign = '20990101T000000';
    const directory = path.join(lab.barman.home, lab.server, 'base');
    const copy = path.join(directory, foreign);
    const info = infoOf(foreign);
    await cp(path.join(directory, own[0]?.id ?? ''), copy, { recursive: true, preserveTimestamps: true });
    try {
      const text = await readFile(infoOf(own[0]?.id ?? ''), 'utf8');
      await writeFile(info, text.replace(/^systemid=\d+$/m, 'systemid=7000000000000000001'));
      await mustRun(['chown', '-R', `--reference=${directory}`, copy, info]);
      expect((await planDrill(lab, { type: 'latest' })).backup.id).toBe(own[0]?.id);
      expect(reasonsOf(await windowOf(), foreign)?.[0]).toContain('of the cluster 7000000000000000001');
      await expectBlocked(foreign, 'backup-foreign');
    } finally {
      await rm(info);
      await rm(copy, { recursive: true });
    }
    expect(codesOf(await planDrill(lab, { type: 'latest' }))).toEqual([]);
    expect((await windowOf()).backups.map((one) => one.id)).not.toContain(foreign);
  });
});

describe('a timeline', () => {
  test('whose history is gone is a hole, nothing on it can be planned, and the file closes it', async () => {
    const [backup] = await listBackups(lab.barman);
    const { xid: kept } = await commitAndArchive();
    await commitAndArchive();
    const settings = { recovery_target_xid: String(kept) };
    const before = await planDrill(lab, { type: 'latest' });
    await forkByHand(lab, { backupId: backup?.id ?? '', timeline: 1, settings });
    const { xid, segment: onSecond } = await commitAndArchive();
    expect(await voided(before)).toMatch(/^urn:barback:problem:plan-void .*timeline of live/);
    const target = { type: 'xid', xid, timeline: 2 };
    expect(onSecond).toMatch(/^00000002/);
    expect(codesOf(await planDrill(lab, target))).toEqual([]);
    const mend = await remove(lab, '00000002.history');
    try {
      const refused = await refusedDrill(lab, target);
      expect([refused.type, refused.facts?.['reason']]).toEqual([
        'urn:barback:problem:target-unreachable',
        'no-such-timeline',
      ]);
      const { holes } = await windowOf();
      expect(holes.map((one) => [one.timeline, one.cause])).toContainEqual([2, 'history-missing']);
    } finally {
      await mend();
    }
    expect(codesOf(await planDrill(lab, target))).toEqual([]);
    expect((await windowOf()).holes).toEqual([]);
  });
});

/** A transaction that is alone in a segment of the archive. */
async function commitAndArchive(): Promise<{ xid: number; segment: string }> {
  const answers = await sql(
    lab.postgres,
    `BEGIN; INSERT INTO orders (customer, amount) VALUES ('damages', 1); SELECT pg_current_xact_id(); COMMIT;
SELECT pg_walfile_name(pg_current_wal_lsn());`,
  );
  const [xid, segment = ''] = answers.split('\n');
  await archiveWal(lab);
  return { xid: Number(xid), segment };
}

/** Starts a plan and answers the problem that its run ends with, before it has kept the backup or made a copy. */
async function voided(plan: PlanBody): Promise<string> {
  const run = await startRun(lab, plan);
  const { problem, steps } = await waitForRun(lab, run.id, ({ state }) => state === 'failed');
  const begun = steps.filter(({ state }) => state !== 'skipped').map(({ name }) => name);
  expect(begun.every((name) => name === 'recheck' || name.startsWith('look-at-'))).toBe(true);
  return `${problem?.type} ${problem?.detail}`;
}

async function windowOf(): Promise<WindowView> {
  const { status, json, text } = await request(lab, 'GET', '/v1/servers/main/window');
  expect(status, text).toBe(200);
  return windowSchema.parse(json);
}

async function reasonOf(query: string): Promise<string | null> {
  const { json } = await request(lab, 'GET', `/v1/servers/main/reachable?${query}`);
  return reachableSchema.parse(json).reason?.code ?? null;
}

async function expectBlocked(backup: string, code: string): Promise<void> {
  const body = { server: lab.server, scenario: 'drill', target: { type: 'latest' }, backup };
  const planned = await request(lab, 'POST', '/v1/plans', { body });
  const plan = planned.json as PlanBody;
  expect([planned.status, plan.state], planned.text).toEqual([201, 'blocked']);
  expect(codesOf(plan)).toContain(`${code} blocking`);
  const started = await request(lab, 'POST', `/v1/plans/${plan.id}/runs`);
  expect([started.status, (started.json as ProblemBody).type]).toEqual([409, 'urn:barback:problem:plan-blocked']);
}

/** The last events of holes, oldest first. */
async function holeEvents(): Promise<unknown[]> {
  const { text } = await request(lab, 'GET', '/v1/audit/export', { role: 'admin' });
  const events = text
    .split('\n')
    .filter((line) => line.includes('wal.hole-'))
    .map((line) => JSON.parse(line) as { type: string; data: { first: string; cause: string } });
  return events.slice(-2).map(({ type, data }) => ({ type, cause: data.cause, segment: data.first }));
}

/** Barman 3.13 keeps what it knows of a backup beside the backups, 3.4 in the backup itself. */
function infoOf(backup: string): string {
  const { home, version } = lab.barman;
  const isBeside = isAtLeast(parseBarmanRelease(version), 3, 13);
  const place = isBeside ? ['meta', `${backup}-backup.info`] : ['base', backup, 'backup.info'];
  return path.join(home, lab.server, ...place);
}

function codesOf(plan: PlanBody): string[] {
  return plan.findings.map((one) => `${one.code} ${one.severity}`);
}

function reasonsOf(view: WindowView, id: string): readonly string[] | undefined {
  return view.backups.find((one) => one.id === id)?.reasons;
}

/** In the middle of the compressed bytes. */
function otherBytes(bytes: Buffer): Buffer {
  return bytes.fill(0xa5, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 64);
}

/** Behind the header of the first page, where its first records are. */
function otherRecords(bytes: Buffer): Buffer {
  return bytes.fill(0xa5, 60, 120);
}

/** The system identifier of the first page's header: its bytes 24 to 31 (XLogLongPageHeaderData, xlog_internal.h). */
function otherCluster(bytes: Buffer): Buffer {
  bytes.writeBigUInt64LE(7_000_000_000_000_000_001n, 24);
  return bytes;
}
