import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Params } from '@barback/shared/operations/index.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listBackups } from '../lab/barman-backup.ts';
import { isStreaming } from '../lab/barman-server.ts';
import { labDown } from '../lab/down.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { runCommand } from '../lab/run-command.ts';
import { labUp } from '../lab/up.ts';
import { abandonSlot, fillWal, keepWalSmall, segmentBytes, slotOf, walBytes } from './abandoned-slot.ts';
import { processesOf } from './barman-process.ts';
import { receiveElsewhere } from './foreign-receiver.ts';
import { operationsHost, type OperationsHost } from '../e2e/operations-host.ts';

const ofBarman = { slot: 'barman', type: 'physical', ofBarman: true } as const;
const inUseThen: Omit<Params<'slot-drop'>, 'server'> = { ...ofBarman, unmoved: null };

/** How WAL reaches Barman, and how that is begun anew, with a release of Barman. */
export function protectionOperationTests(barman: 'system' | '3.13'): void {
  describe(`on Barman ${barman}`, () => {
    let lab: Lab;
    let operations: OperationsHost;
    let release: () => void = () => undefined;

    beforeAll(async () => {
      lab = await labUp({ dir: `/var/tmp/barback-protection-${barman}-${process.pid}`, barman });
      await keepWalSmall(lab);
      operations = await operationsHost(lab);
    });

    afterAll(async () => {
      release();
      await operations?.close();
      if (lab) await labDown(lab.dir);
    });

    test('the facts say how WAL reaches Barman, and who uses its slot', async () => {
      const facts = await operations.plan().run('protection-facts', {});
      expect(facts).toMatchObject({ streaming: true, archiver: false, slotName: 'barman' });
      expect(facts.live?.slots).toMatchObject([
        { name: 'barman', type: 'physical', active: true, usedBy: { applicationName: facts.receiverName } },
      ]);
    });

    test('the slot that receive-wal uses is taken from it and dropped, while cron starts it again and again', async () => {
      const plan = operations.plan();
      await plan.run('receive-wal-align', {});
      expect(await plan.run('slot-drop', inUseThen)).toMatchObject({ existed: true });
      await plan.run('slot-create', { slot: 'barman' });
      await plan.run('receive-wal-start', {});
      expect(await isStreaming(lab.postgres)).toBe(true);
      await plan.run('wal-switch', {});
    });

    test('an abandoned slot is dropped, live frees its WAL, and receive-wal begins where live is, without losing its last file', async () => {
      release = await abandonSlot(lab);
      await fillWal(lab, 12);
      const plan = operations.plan();
      const facts = await plan.run('protection-facts', {});
      const slot = facts.live?.slots[0];
      expect(slot?.retainedBytes).toBeGreaterThan(11 * segmentBytes);
      const streaming = path.join(lab.barman.home, 'main', 'streaming');
      const [last = ''] = (await readdir(streaming)).filter((name) => name.endsWith('.partial'));
      expect(await plan.run('receive-wal-stop', {})).toEqual({ wasRunning: false });
      expect(await plan.observe('receive-wal-align', {})).toEqual({ is: 'absent' });
      expect(await plan.run('receive-wal-align', {})).toMatchObject({ received: last, changed: true });
      expect(await plan.observe('receive-wal-align', {})).toMatchObject({ is: 'complete' });
      const unmoved = { restartLsn: slot?.restartLsn ?? null };
      expect(await plan.observe('slot-drop', { ...ofBarman, unmoved })).toEqual({ is: 'absent' });
      const dropped = await plan.run('slot-drop', { ...ofBarman, unmoved });
      expect(dropped).toEqual({
        existed: true,
        restartLsn: slot?.restartLsn,
        retainedBytes: expect.any(Number) as number,
        walStatus: expect.any(String) as string,
      });
      expect(await slotOf(lab)).toBeUndefined();
      expect(await plan.observe('slot-drop', { ...ofBarman, unmoved })).toEqual({ is: 'complete', result: dropped });
      expect(await plan.run('slot-drop', { ...ofBarman, unmoved })).toEqual(dropped);
      const checkpoint = await plan.run('live-checkpoint', {});
      expect(checkpoint.walBytesAfter).toBeLessThan(checkpoint.walBytesBefore - 6 * segmentBytes);
      expect(await walBytes(lab)).toBeLessThanOrEqual(checkpoint.walBytesAfter + segmentBytes);
      const created = await plan.run('slot-create', { slot: 'barman' });
      expect(created.restartLsn).not.toBeNull();
      // A slot of the same name is not the old one: what was dropped stays known.
      expect(await plan.observe('slot-drop', { ...ofBarman, unmoved })).toEqual({ is: 'complete', result: dropped });
      expect(await plan.run('slot-create', { slot: 'barman' })).toEqual({ ...created, created: false });
      expect(await plan.run('receive-wal-start', {})).toEqual({ wasRunning: false });
      expect(await plan.run('receive-wal-start', {})).toEqual({ wasRunning: true });
      const { segment } = await plan.run('wal-switch', {});
      const wals = path.join(lab.barman.home, 'main', 'wals', segment.slice(0, 16));
      expect(existsSync(path.join(wals, segment))).toBe(true);
      expect(existsSync(path.join(wals, last))).toBe(true);
      expect(existsSync(path.join(wals, last.replace('.partial', '')))).toBe(false);
    });

    test('a base backup that was killed half-way is seen as not there, and performing again leaves exactly one', async () => {
      const plan = operations.plan();
      const making = plan.run('backup-create', { expectBytes: null }).then(
        () => 'made',
        () => 'failed',
      );
      const found = await poll('barman backup at work', 60_000, async () => {
        const own = await processesOf(lab, 'backup');
        const copies = own.some(({ argv }) => argv[0]?.endsWith('/pg_basebackup'));
        return copies ? own : undefined;
      });
      for (const group of new Set(found.map((one) => one.group))) process.kill(-group, 'SIGKILL');
      expect(await making).toBe('failed');
      expect(await plan.observe('backup-create', { expectBytes: null })).toEqual({ is: 'absent' });
      const before = (await listBackups(lab.barman)).map((one) => one.id);
      const made = await plan.run('backup-create', { expectBytes: 1_000_000 });
      const after = await listBackups(lab.barman);
      expect(after.find((one) => one.id === made.backupId)?.status).toBe('DONE');
      expect(after).toHaveLength(before.length);
      expect(await plan.observe('backup-create', { expectBytes: null })).toMatchObject({
        is: 'complete',
        result: { backupId: made.backupId },
      });
      expect(plan.progress.some((one) => one.bytes > 0)).toBe(true);
      expect(await plan.run('backup-discard', {})).toEqual({ deleted: null });
      expect((await listBackups(lab.barman)).map((one) => one.id)).toContain(made.backupId);
    });

    test('a base backup that Barman refuses to begin names the checks that fail, and leaves nothing behind', async () => {
      const plan = operations.plan();
      await plan.run('receive-wal-stop', {});
      const before = await listBackups(lab.barman);
      const problem = await plan.problem('backup-create', { expectBytes: null });
      expect(problem).toMatchObject({ type: 'urn:barback:problem:barman-failed' });
      expect(problem.detail).toMatch(/replication.slot|receive.wal.running/);
      expect(await plan.run('backup-discard', {})).toEqual({ deleted: null });
      expect(await listBackups(lab.barman)).toEqual(before);
    });

    test('a slot that somebody else uses is left alone, Barman’s own and any other', async () => {
      const plan = operations.plan();
      await plan.run('receive-wal-stop', {});
      const stop = await receiveElsewhere(lab, 'barman');
      try {
        const problem = await plan.problem('slot-drop', inUseThen);
        expect(problem).toMatchObject({ type: 'urn:barback:problem:slot-in-use', status: 409 });
        expect(problem.detail).toMatch(/barman is in use by elsewhere \d+ as streaming_barman/);
        expect((await slotOf(lab))?.active).toBe('t');
      } finally {
        await stop();
      }
      await sql(lab.postgres, "SELECT pg_create_physical_replication_slot('other', true)");
      const other = { slot: 'other', type: 'physical', ofBarman: false, unmoved: null } as const;
      const stopOther = await receiveElsewhere(lab, 'other');
      try {
        expect((await plan.problem('slot-drop', other)).type).toBe('urn:barback:problem:slot-in-use');
      } finally {
        await stopOther();
      }
      expect(await plan.run('slot-drop', other)).toMatchObject({ existed: true });
      expect(await plan.run('slot-drop', { ...other, slot: 'never_was' })).toMatchObject({ existed: false });
    });

    test('a slot that has moved since the plan, is of another kind or not the one that was meant, is not dropped', async () => {
      const plan = operations.plan();
      const wrong: readonly Omit<Params<'slot-drop'>, 'server'>[] = [
        { ...ofBarman, unmoved: { restartLsn: '0/1' } },
        { ...ofBarman, type: 'logical', unmoved: null },
        { ...ofBarman, ofBarman: false, unmoved: null },
        { ...ofBarman, slot: 'other', unmoved: null },
      ];
      for (const params of wrong) {
        expect((await plan.problem('slot-drop', params)).type).toBe('urn:barback:problem:plan-void');
      }
      expect((await slotOf(lab))?.active).toBe('f');
      await plan.run('receive-wal-start', {});
    });

    test('WAL that is ahead of live keeps receive-wal from being aligned, and nothing is moved', async () => {
      const streaming = path.join(lab.barman.home, 'main', 'streaming');
      const ahead = '0000000100000009000000FF.partial';
      await runCommand(['touch', path.join(streaming, ahead)]);
      try {
        const problem = await operations.plan().problem('receive-wal-align', {});
        expect(problem).toMatchObject({ type: 'urn:barback:problem:location-unsafe', facts: { received: ahead } });
      } finally {
        await runCommand(['rm', path.join(streaming, ahead)]);
      }
    });
  });
}
