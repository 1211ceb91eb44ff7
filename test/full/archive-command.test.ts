import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archiveWal, listBackups } from '../lab/barman-backup.ts';
import { isStreaming } from '../lab/barman-server.ts';
import { holdCron } from '../lab/hold-cron.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { planDrill, runDrill } from '../support/barback-client.ts';
import { settledLab } from '../support/settled-lab.ts';
import { storeWalIn } from '../support/store-wal-in.ts';
import { formatsProbe, expectProven, rowsOf, archiverOf } from '../support/setups.ts';

describe("the machine's Barman with rsync backups, WAL from archive_command alone, and a tablespace", () => {
  let lab: Lab;
  let stop: () => Promise<void> = async () => {};

  beforeAll(async () => {
    const options = { archiving: 'archive_command', backupMethod: 'rsync', walCompression: 'lz4' } as const;
    ({ lab, stop } = await settledLab({ ...options, tablespace: true }));
  });

  afterAll(() => stop());

  test('streams nothing and has no slot, and its backups are DONE', async () => {
    expect(await isStreaming(lab.postgres)).toBe(false);
    expect(await sql(lab.postgres, 'SELECT count(*) FROM pg_replication_slots')).toBe('0');
    expect(await readdir(path.join(lab.barman.home, lab.server, 'streaming'))).toEqual([]);
    expect(await archiverOf(lab)).toEqual({ archived: true, failed: false });
    expect((await listBackups(lab.barman)).map((backup) => backup.status)).toEqual(['DONE', 'DONE']);
  });

  test('finds a closed WAL segment in incoming/ until Barman archives it', async () => {
    const release = await holdCron(lab);
    try {
      const answers = await sql(
        lab.postgres,
        `SELECT pg_logical_emit_message(true, 'test', 'x');\nSELECT pg_walfile_name(pg_switch_wal());`,
      );
      const segment = answers.split('\n')[1] ?? '';
      const home = path.join(lab.barman.home, lab.server);
      await poll(`${segment} in incoming/`, 60_000, () =>
        existsSync(path.join(home, 'incoming', segment)) ? true : undefined,
      );
      expect(existsSync(path.join(home, 'wals', segment.slice(0, 16), segment))).toBe(false);
      await archiveWal(lab);
      expect(existsSync(path.join(home, 'incoming', segment))).toBe(false);
      expect(existsSync(path.join(home, 'wals', segment.slice(0, 16), segment))).toBe(true);
    } finally {
      release();
    }
  });

  test('is drilled, without a manifest but saying so, through WAL in formats that Barman 3.4 needs a filter for', async () => {
    const formats = ['lz4', 'xz', 'zstd'] as const;
    for (const format of formats) await storeWalIn(lab, format);
    const plan = await planDrill(lab, { type: 'latest' });
    expect(plan.findings).toContainEqual(expect.objectContaining({ code: 'manifest-absent', severity: 'warning' }));
    const run = await runDrill(lab, { type: 'latest' }, { probes: [formatsProbe], amcheck: 'all' });
    expectProven(run, 'absent');
    expect(rowsOf(run, 'formats')).toEqual(formats);
  });
});
