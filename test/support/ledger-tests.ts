import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import type { WritingApplication } from '../lab/writing-application.ts';
import { applicationOf } from './application-scene.ts';
import { carryOutWell, cutoverOf, planPointInTime, planUndo } from './cutover-client.ts';
import { settledLab } from './settled-lab.ts';

/** An application writes all the time; live is restored to random transactions of it, one after the other. */
export function ledgerTests(restores: number, { withUndo }: { readonly withUndo: boolean }): void {
  let lab: Lab;
  let stop: () => Promise<void> = async () => {};
  let writer: WritingApplication;

  beforeAll(async () => {
    ({ lab, stop } = await settledLab());
    writer = await applicationOf(lab);
  });

  afterAll(async () => {
    await writer?.close();
    await stop();
  });

  test.each(Array.from({ length: restores }, (_, index) => index + 1))(
    'restore %i: not one row committed before a random target is missing, and not one behind it is there',
    async () => {
      await writer.written(100);
      const commits = (await writer.ledger()).filter((one) => one.acknowledgedAt !== null).slice(-80);
      const { xid, timeline } = commits[randomInt(commits.length)] ?? { xid: '0', timeline: 1 };
      const target = { type: 'xid', xid: Number(xid), inclusive: randomInt(2) === 0, timeline };
      await writer.written(20);
      const plan = await poll('a plan of it', 60_000, () => planPointInTime(lab, target).catch(() => undefined));
      const run = await carryOutWell(lab, plan);
      await writer.written(20);
      const { missing, present, unknown, undone } = await writer.compare();
      expect({ missing, present, unknown }, JSON.stringify(target)).toEqual({ missing: [], present: [], unknown: [] });
      expect(undone).toBeGreaterThan(0);
      expect(cutoverOf(run).outage.seconds).toBeGreaterThan(0);
    },
  );

  if (!withUndo) return;

  test('its undo brings back everything that was committed before the restore', async () => {
    const commits = (await writer.ledger()).filter((one) => one.acknowledgedAt !== null);
    const { xid, timeline } = commits.at(-30) ?? { xid: '0', timeline: 1 };
    const target = { type: 'xid', xid: Number(xid), inclusive: true, timeline };
    const plan = await poll('a plan of it', 60_000, () => planPointInTime(lab, target).catch(() => undefined));
    await carryOutWell(lab, await planUndo(lab, await carryOutWell(lab, plan)));
    await writer.written(20);
    const { missing, present, unknown } = await writer.compare();
    expect({ missing, present, unknown }).toEqual({ missing: [], present: [], unknown: [] });
  });
}
