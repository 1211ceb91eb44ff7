import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listBackups } from '../lab/barman-backup.ts';
import { isStreaming } from '../lab/barman-server.ts';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { runDrill } from '../support/barback-client.ts';
import { settledLab } from '../support/settled-lab.ts';
import { storeWalIn } from '../support/store-wal-in.ts';
import { worldOf } from '../support/world.ts';
import { newestProbe, formatsProbe, expectProven, rowsOf, archiverOf } from '../support/setups.ts';

// One lab with several options at once; test/full has the other ways of protecting a server, and every combination.

describe('Barman 3.13 with WAL both streamed and archived, and a tablespace', () => {
  let lab: Lab;
  let stop: () => Promise<void> = async () => {};

  beforeAll(async () => {
    const options = { archiving: 'both', walCompression: 'zstd', barman: '3.13', tablespace: true } as const;
    ({ lab, stop } = await settledLab(options));
  });

  afterAll(() => stop());

  test('receives WAL on both ways, and its backups are DONE', async () => {
    expect(lab.barman.version).toMatch(/^3\.1[3-9]\./);
    expect(await isStreaming(lab.postgres)).toBe(true);
    expect(await archiverOf(lab)).toEqual({ archived: true, failed: false });
    expect((await listBackups(lab.barman)).map((backup) => backup.status)).toEqual(['DONE', 'DONE']);
  });

  test('is drilled to the end of the base backup, file by file, and nothing of the world changes', async () => {
    const before = await worldOf(lab);
    const run = await runDrill(lab, { type: 'immediate' }, { amcheck: 'tables' });
    expectProven(run, 'verified');
    expect(await worldOf(lab)).toEqual(before);
  });

  test('is drilled to the latest commit through WAL in each of its formats and in streaming/*.partial', async () => {
    const formats = ['zstd', 'gzip', 'bzip2', 'xz'] as const;
    for (const format of formats) await storeWalIn(lab, format);
    await sql(lab.postgres, "INSERT INTO orders (customer, amount) VALUES ('only in the partial segment', 1)");
    const run = await runDrill(lab, { type: 'latest' }, { probes: [newestProbe, formatsProbe] });
    expectProven(run, 'verified');
    expect(rowsOf(run, 'newest')).toEqual(['only in the partial segment']);
    expect(rowsOf(run, 'formats')).toEqual(formats.toSorted());
  });
});
