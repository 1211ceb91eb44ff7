import type { RebaselineResult } from '@barback/api/scenarios/rebaseline-result.ts';
import type { WindowView } from '@barback/api/window/window-schema.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listBackups } from '../lab/barman-backup.ts';
import { isStreaming } from '../lab/barman-server.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { abandonSlot, fillWal, segmentBytes, slotOf, smallWalLab, walBytes } from '../support/abandoned-slot.ts';
import { request, runDrill, startRun, waitForRun, type RunBody } from '../support/barback-client.ts';
import { planRebaseline, startRebaseline } from '../support/rebaseline-client.ts';
import type { SettledOptions } from '../support/settled-lab.ts';
import { verifyExport } from '../support/verify-export.ts';

const ended = (run: RunBody): boolean => ['succeeded', 'failed', 'needs_operator'].includes(run.state);

let lab: Lab;
let stop: () => Promise<void> = async () => {};
let release: () => void = () => undefined;

async function up(options: SettledOptions): Promise<void> {
  ({ lab, stop } = await smallWalLab(options));
}

async function down(): Promise<void> {
  release();
  release = () => undefined;
  await stop();
}

describe('a server whose slot ran away', () => {
  beforeAll(() => up({}));
  afterAll(down);

  test('is protected anew by one call: live frees its WAL, and the window shows the hole with its cause and a new interval', async () => {
    await sql(lab.postgres, "INSERT INTO orders (customer, amount) VALUES ('before the hole', 1)");
    const [oldBackup] = await listBackups(lab.barman);
    release = await abandonSlot(lab);
    await fillWal(lab, 14);
    const before = { slot: await slotOf(lab), wal: await walBytes(lab) };
    expect(before.slot?.retained).toBeGreaterThan(13 * segmentBytes);
    expect(before.wal).toBeGreaterThan(13 * segmentBytes);

    const remedy = `--json '{"server":"main","scenario":"rebaseline"}' "$BARBACK/v1/runs"`;
    await poll('the remedy in the window', 60_000, async () =>
      (await request(lab, 'GET', `/v1/servers/${lab.server}/window.txt`)).text.includes(remedy) ? true : undefined,
    );
    const run = await startRebaseline(lab, {}, 'one-call');
    const done = await waitForRun(lab, run.id, (one) => one.state === 'succeeded', 150_000);
    expect(await startRebaseline(lab, {}, 'one-call')).toEqual(run);

    const result = done.result as unknown as RebaselineResult;
    expect(result.dropped).toMatchObject([{ slot: 'barman', existed: true, restartLsn: before.slot?.restartLsn }]);
    expect(result.walBytesAfter).toBeLessThan(before.wal - 8 * segmentBytes);
    // pg_receivewal tells every ten seconds how far it is.
    await poll('a slot in use that keeps next to nothing', 60_000, async () => {
      const now = await slotOf(lab);
      return now?.active === 't' && now.retained < 2 * segmentBytes ? true : undefined;
    });
    expect(await isStreaming(lab.postgres)).toBe(true);
    const made = (await listBackups(lab.barman)).find((one) => one.id === result.backup?.backupId);
    expect(made?.status).toBe('DONE');

    const window = await windowWith(result.backup?.backupId ?? '');
    expect(window.holes).toHaveLength(1);
    expect(window.holes[0]).toMatchObject({ timeline: 1, cause: 'given-up' });
    expect(window.holes[0]?.detail).toContain(`the slot barman that kept it was dropped by run ${run.id}`);
    const [older, newer] = window.intervals;
    expect(older).toMatchObject({ ends: 'missing', backups: expect.arrayContaining([oldBackup?.id]) as string[] });
    expect(newer).toMatchObject({ ends: 'end', backups: [made?.id] });
    expect((await request(lab, 'GET', `/v1/servers/${lab.server}/window.txt`)).text).toContain('given-up');
    expect((await request(lab, 'GET', `/v1/runs/${run.id}.txt`)).text).toContain('it kept');
    const exported = await request(lab, 'GET', '/v1/audit/export', { role: 'admin' });
    expect(verifyExport(exported.text).ok).toBe(true);
  });

  test('is drilled to its latest commit afterwards, and to the end of a backup from before the hole', async () => {
    await sql(lab.postgres, "INSERT INTO orders (customer, amount) VALUES ('after the hole', 1)");
    const probe = { name: 'newest', database: 'system', sql: 'SELECT customer FROM orders ORDER BY id DESC LIMIT 1' };
    const latest = await runDrill(lab, { type: 'latest' }, { probes: [probe] });
    expect(latest).toMatchObject({ state: 'succeeded' });
    expect(latest.result?.probes[0]?.rows).toEqual([{ customer: 'after the hole' }]);
    const oldest = (await listBackups(lab.barman)).at(-1)?.id;
    const body = { server: lab.server, scenario: 'drill', target: { type: 'immediate' }, backup: oldest };
    const answer = await request(lab, 'POST', '/v1/runs', { body });
    expect(answer.status).toBe(202);
    const run = await waitForRun(lab, (answer.json as RunBody).id, ended);
    expect(run).toMatchObject({ state: 'succeeded', result: { backupId: oldest } });
  });

  test('is not asked to renew a slot that works without saying so, and its base backup alone leaves no hole', async () => {
    const refused = await request(lab, 'POST', '/v1/runs', { body: { server: lab.server, scenario: 'rebaseline' } });
    expect(refused.json).toMatchObject({ status: 409, facts: { findings: ['slot-healthy'] } });
    const holes = (await windowNow()).holes.length;
    const kept = await startRebaseline(lab, { slot: 'keep' });
    const done = await waitForRun(lab, kept.id, (one) => one.state === 'succeeded', 150_000);
    const { backup } = done.result as unknown as RebaselineResult;
    expect(stepNames(done)).not.toContain('drop-slot');
    expect((await windowWith(backup?.backupId ?? '')).holes).toHaveLength(holes);
  });

  test('whose slot was invalidated by max_slot_wal_keep_size gets a new one', async () => {
    release();
    release = await abandonSlot(lab);
    // More than the run itself writes before pg_receivewal tells how far it is: the new slot must not get lost as well.
    await sql(lab.postgres, "ALTER SYSTEM SET max_slot_wal_keep_size = '128MB'");
    await sql(lab.postgres, 'SELECT pg_reload_conf()');
    await fillWal(lab, 14);
    const lost = "SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'barman'";
    await poll('the lost slot', 60_000, async () => {
      await sql(lab.postgres, 'CHECKPOINT');
      return (await sql(lab.postgres, lost)) === 'lost' ? true : undefined;
    });
    const run = await startRebaseline(lab, {});
    const done = await waitForRun(lab, run.id, (one) => one.state === 'succeeded', 150_000);
    expect((done.result as unknown as RebaselineResult).dropped).toMatchObject([{ walStatus: 'lost' }]);
    expect(await slotOf(lab)).toMatchObject({ active: 't' });
    await sql(lab.postgres, 'ALTER SYSTEM RESET max_slot_wal_keep_size');
    await sql(lab.postgres, 'SELECT pg_reload_conf()');
  });
});

describe('a server that archives with archive_command', () => {
  afterAll(down);

  test('alone has no slot to drop: its new baseline is a base backup', async () => {
    await up({ archiving: 'archive_command' });
    const plan = await planRebaseline(lab, {});
    const names = plan.steps.map((one) => one.name);
    expect(names).toEqual(['look-at-host', 'look-at-protection', 'recheck', 'check', 'switch-wal', 'backup']);
    const before = await listBackups(lab.barman);
    const run = await startRun(lab, plan);
    await waitForRun(lab, run.id, (one) => one.state === 'succeeded', 150_000);
    expect(await listBackups(lab.barman)).toHaveLength(before.length + 1);
    await down();
  });

  test('besides streaming keeps every segment: a renewed slot leaves no hole', async () => {
    await up({ archiving: 'both' });
    release = await abandonSlot(lab);
    await fillWal(lab, 5);
    const run = await startRebaseline(lab, {});
    const done = await waitForRun(lab, run.id, (one) => one.state === 'succeeded', 150_000);
    const { backup } = done.result as unknown as RebaselineResult;
    const window = await windowWith(backup?.backupId ?? '');
    expect(window.holes).toEqual([]);
    expect(window.intervals).toHaveLength(1);
  });
});

function stepNames(run: RunBody): string[] {
  return run.steps.map((one) => one.name);
}

async function windowNow(): Promise<WindowView> {
  return (await request(lab, 'GET', `/v1/servers/${lab.server}/window`)).json as WindowView;
}

/** The window once the index has read up to this backup. */
async function windowWith(backup: string): Promise<WindowView> {
  let seen: WindowView | undefined;
  return poll(
    () => `backup ${backup} in the window: ${JSON.stringify(seen, null, 1)}`,
    90_000,
    async () => {
      seen = await windowNow();
      return seen.intervals.some((one) => one.backups.includes(backup)) && seen.index.unread === 0 ? seen : undefined;
    },
    500,
  );
}
