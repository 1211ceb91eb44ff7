import type { RebaselineResult } from '@barback/api/scenarios/rebaseline-result.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listBackups } from '../lab/barman-backup.ts';
import { isStreaming } from '../lab/barman-server.ts';
import type { Lab } from '../lab/lab.ts';
import { killProgram, startProgram } from '../lab/programs.ts';
import { sql } from '../lab/psql.ts';
import { abandonSlot, fillWal, slotOf, smallWalLab } from '../support/abandoned-slot.ts';
import { request, startRun, stepOf, waitForRun, type RunBody } from '../support/barback-client.ts';
import { receiveElsewhere } from '../support/foreign-receiver.ts';
import { planRebaseline, startRebaseline } from '../support/rebaseline-client.ts';

const ended = (run: RunBody): boolean => ['succeeded', 'failed', 'needs_operator'].includes(run.state);

let lab: Lab;
let stop: () => Promise<void> = async () => {};
let release: () => void = () => undefined;

describe('a new baseline', () => {
  beforeAll(async () => {
    ({ lab, stop } = await smallWalLab({ sizeMb: 64 }));
  });

  afterAll(async () => {
    release();
    await stop();
  });

  test('is refused while somebody else uses the slot of Barman, and nothing is touched', async () => {
    release = await abandonSlot(lab);
    const plan = await planRebaseline(lab, {});
    const leave = await receiveElsewhere(lab, 'barman');
    try {
      const refused = await request(lab, 'POST', '/v1/runs', { body: { server: lab.server, scenario: 'rebaseline' } });
      expect(refused.json).toMatchObject({ status: 409, facts: { findings: ['slot-in-use'] } });
      // Taken after the plan was made: the agent itself looks again.
      const run = await startRun(lab, plan);
      const failed = await waitForRun(lab, run.id, (one) => one.state === 'failed');
      expect(failed.problem?.type).toBe('urn:barback:problem:slot-in-use');
      expect(stepOf(failed, 'checkpoint').state).toBe('skipped');
      expect((await slotOf(lab))?.active).toBe('t');
    } finally {
      await leave();
    }
  });

  test.each(['executor', 'runner'] as const)(
    'whose %s is killed while the slot is dropped goes on to its end',
    async (name) => {
      await fillWal(lab, 3);
      const before = (await slotOf(lab))?.restartLsn;
      const run = await startRebaseline(lab, { acknowledge: ['slot-healthy'] });
      await waitForRun(lab, run.id, (one) => stepOf(one, 'drop-slot').state === 'running');
      await killProgram(lab, name);
      if (name === 'executor') await startProgram(lab, name);
      const done = await waitForRun(lab, run.id, ended, 240_000);
      expect(done).toMatchObject({ state: 'succeeded' });
      const { dropped } = done.result as unknown as RebaselineResult;
      expect(dropped).toMatchObject([{ slot: 'barman', existed: true }]);
      expect((await slotOf(lab))?.restartLsn).not.toBe(before);
      expect(await isStreaming(lab.postgres)).toBe(true);
    },
  );

  test.each([
    { name: 'executor', attempts: 1 },
    { name: 'runner', attempts: 2 },
  ] as const)(
    'whose $name is killed while Barman copies ends with exactly one backup more',
    async ({ name, attempts }) => {
      const before = await listBackups(lab.barman);
      const run = await startRebaseline(lab, { slot: 'keep' });
      await waitForRun(lab, run.id, (one) => (stepOf(one, 'backup').progress?.bytes ?? 0) > 0);
      await killProgram(lab, name);
      if (name === 'executor') await startProgram(lab, name);
      const done = await waitForRun(lab, run.id, ended, 240_000);
      expect(done).toMatchObject({ state: 'succeeded' });
      expect(stepOf(done, 'backup').attempts).toBe(attempts);
      const after = await listBackups(lab.barman);
      expect(after).toHaveLength(before.length + 1);
      expect(after.map((one) => one.status)).toEqual(after.map(() => 'DONE'));
    },
  );

  test('that is cancelled while Barman copies leaves no half backup, and a slot that receive-wal uses', async () => {
    const before = await listBackups(lab.barman);
    const run = await startRebaseline(lab, { acknowledge: ['slot-healthy'] });
    await waitForRun(lab, run.id, (one) => (stepOf(one, 'backup').progress?.bytes ?? 0) > 0);
    expect((await request(lab, 'POST', `/v1/runs/${run.id}/cancel`)).status).toBe(202);
    await waitForRun(lab, run.id, (one) => one.state === 'cancelled', 180_000);
    expect(await listBackups(lab.barman)).toEqual(before);
    expect(await slotOf(lab)).toMatchObject({ active: 't' });
  });

  test('drops another slot only when it is named and confirmed', async () => {
    await sql(lab.postgres, "SELECT pg_create_physical_replication_slot('old_standby', true)");
    const options = { slot: 'keep', dropSlots: ['old_standby'] };
    const body = { server: lab.server, scenario: 'rebaseline', options };
    expect((await request(lab, 'POST', '/v1/runs', { body })).json).toMatchObject({
      facts: { findings: ['slot-for-good'] },
    });
    expect(await slotNames()).toBe('barman,old_standby');
    const run = await startRebaseline(lab, { ...options, acknowledge: ['slot-for-good'] });
    await waitForRun(lab, run.id, (one) => one.state === 'succeeded', 180_000);
    expect(await slotNames()).toBe('barman');
  });

  test('goes through while cron starts receive-wal, with create_slot = auto, whenever it is stopped', async () => {
    release();
    release = () => undefined;
    const run = await startRebaseline(lab, { acknowledge: ['slot-healthy'] });
    const done = await waitForRun(lab, run.id, ended, 240_000);
    expect(done).toMatchObject({ state: 'succeeded' });
    expect(await slotOf(lab)).toMatchObject({ active: 't' });
  });
});

async function slotNames(): Promise<string> {
  return sql(lab.postgres, "SELECT string_agg(slot_name, ',' ORDER BY slot_name) FROM pg_replication_slots");
}
