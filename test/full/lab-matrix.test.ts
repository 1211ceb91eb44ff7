import { chmod, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { archiveWal, listBackups, takeBackup } from '../lab/barman-backup.ts';
import { isStreaming } from '../lab/barman-server.ts';
import { labDown } from '../lab/down.ts';
import type { Lab } from '../lab/lab.ts';
import { Protection, streams } from '../lab/protection.ts';
import { sql } from '../lab/psql.ts';
import { labUp } from '../lab/up.ts';
import { runDrill } from '../support/barback-client.ts';
import { labTraces } from '../e2e/lab-traces.ts';
import { storedFormat } from '../support/store-wal-in.ts';

const { archiving, backupMethod, walCompression, barman } = Protection.shape;
const ways = archiving.options.flatMap((one) => backupMethod.options.map((other) => [one, other] as const));

/** Every way of archiving with every way of making backups, and with each of them another compression: six of each. */
const setups = barman.options.flatMap((release) =>
  ways.map(([way, method], index) => ({
    barman: release,
    archiving: way,
    backupMethod: method,
    walCompression: walCompression.options[index] ?? 'none',
  })),
);

describe.each(setups)('Barman $barman, $archiving, $backupMethod, $walCompression', (setup) => {
  test('WAL arrives, backups are DONE, a drill finds the last row, and down leaves no trace', async () => {
    const dir = await mkdtemp('/var/tmp/barback-matrix-');
    await chmod(dir, 0o755);
    const lab = await labUp({ dir: path.join(dir, 'lab'), tablespace: true, ...setup });
    try {
      await expectProtected(lab, setup);
      await sql(lab.postgres, "INSERT INTO orders (customer, amount) VALUES ('the last one', 1)");
      const segment = (await sql(lab.postgres, 'SELECT pg_walfile_name(pg_current_wal_lsn())')).trim();
      await archiveWal(lab);
      expect(await storedFormat(lab, segment)).toBe(setup.walCompression);
      const probe = { name: 'newest', database: 'system', sql: 'SELECT customer FROM orders ORDER BY id DESC LIMIT 1' };
      const run = await runDrill(lab, { type: 'latest' }, { probes: [probe], amcheck: 'all' });
      if (run.state !== 'succeeded') throw new Error(`the drill did not succeed: ${JSON.stringify(run, null, 1)}`);
      expect(run.result?.manifest).toBe(setup.backupMethod === 'rsync' ? 'absent' : 'verified');
      expect(run.result?.probes.find((one) => one.name === 'newest')?.rows).toEqual([{ customer: 'the last one' }]);
    } finally {
      await labDown(lab.dir);
    }
    expect(await labTraces(lab)).toEqual([]);
    await rm(dir, { recursive: true });
  });
});

async function expectProtected(lab: Lab, setup: Protection): Promise<void> {
  await takeBackup(lab);
  expect((await listBackups(lab.barman)).map((backup) => backup.status)).toEqual(['DONE', 'DONE']);
  expect(await isStreaming(lab.postgres)).toBe(streams(setup));
  const slots = await sql(lab.postgres, 'SELECT count(*) FROM pg_replication_slots');
  expect(slots).toBe(streams(setup) ? '1' : '0');
}
