import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { listBackups } from '../lab/barman-backup.ts';
import { sql } from '../lab/psql.ts';
import { request, waitForRun, type RunBody } from '../support/barback-client.ts';
import { carryOutWell, cutoverOf, planUndo } from '../support/cutover-client.ts';
import { expectProtected, note, notes, restoreLive, targetBehind } from '../support/restored-and-undone.ts';
import { settledLab, type SettledOptions } from '../support/settled-lab.ts';

const minutes = 60_000;

const setups: readonly (readonly [string, SettledOptions, boolean])[] = [
  ['archive_command alone', { archiving: 'archive_command' }, false],
  ['archive_command and streaming', { archiving: 'both', walCompression: 'gzip' }, true],
  ['rsync backups over streaming, and a tablespace', { backupMethod: 'rsync', tablespace: true }, true],
  ['Barman 3.13', { barman: '3.13' }, true],
];

describe.each(setups)('live whose WAL reaches Barman by %s', (_name, options, streams) => {
  let lab: Lab;
  let stop: () => Promise<void> = async () => {};

  beforeAll(async () => {
    ({ lab, stop } = await settledLab(options));
  }, 5 * minutes);

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

  test(
    'is rolled back, is protected again with its history in the archive, and comes back as it was',
    async () => {
      const target = await targetBehind(lab, 'before');
      await note(lab, 'after');
      const restored = await restoreLive(lab, target);
      expect(await notes(lab)).toEqual(['before']);
      expect(cutoverOf(restored).history).toBe('00000002.history');
      expect(await readdir(path.join(lab.barman.home, lab.server, 'wals'))).toContain('00000002.history');
      await expectProtected(lab, restored, streams);

      const undone = await carryOutWell(lab, await planUndo(lab, restored));
      expect(await notes(lab)).toEqual(['before', 'after']);
      await expectProtected(lab, undone, streams);
      const kept = (await request(lab, 'GET', `/v1/servers/${lab.server}/kept`)).json as { kept: { plan: string }[] };
      expect(kept.kept.map((one) => one.plan)).toEqual([undone.planId]);
      expect(await sql(lab.postgres, 'SELECT pg_is_in_recovery()')).toBe('f');
    },
    10 * minutes,
  );
});
