import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { planDrill, startRun, stepOf, waitForRun } from '../support/barback-client.ts';
import { withSmallDisk } from '../support/small-disk.ts';

test('a disk that fills up while a copy is made stops the copy before production, and the copy is gone', async ({
  skip,
}) => {
  if (process.geteuid?.() !== 0) skip('mounting a filesystem of its own needs root');
  await withSmallDisk(async (lab, fill) => {
    const run = await startRun(lab, await planDrill(lab, { type: 'latest' }, { bandwidthKBps: 10_000 }));
    await waitForRun(lab, run.id, (one) => (stepOf(one, 'recover').progress?.bytes ?? 0) > 0);
    const ballast = await fill();
    const done = await waitForRun(lab, run.id, (one) => one.state === 'failed');
    expect(done.problem?.type).toBe('urn:barback:problem:insufficient-space');
    expect(stepOf(done, 'discard').state).toBe('succeeded');
    await expectProductionWrites(lab);
    await rm(ballast);
  });
});

async function expectProductionWrites(lab: Lab): Promise<void> {
  await sql(lab.postgres, "INSERT INTO orders (customer, amount) VALUES ('after the disk filled up', 1)");
  expect(await sql(lab.postgres, "SELECT count(*) FROM orders WHERE customer = 'after the disk filled up'")).toBe('1');
}
