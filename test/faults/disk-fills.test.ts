import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { labDown } from '../lab/down.ts';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { mustRun } from '../lab/run-command.ts';
import { labUp } from '../lab/up.ts';
import { planDrill, startRun, stepOf, waitForRun } from '../support/barback-client.ts';

/** The floor that the lab's agent is configured with, and a little less than it. */
const floorBytes = 64 * 1024 * 1024;
const leaveFree = floorBytes - 16 * 1024 * 1024;

test('a disk that fills up while a copy is made stops the copy before production, and the copy is gone', async ({
  skip,
}) => {
  if (process.geteuid?.() !== 0) skip('mounting a filesystem of its own needs root');
  const mount = await mkdtemp('/var/tmp/barback-disk-');
  await mustRun(['mount', '-t', 'tmpfs', '-o', 'size=1500m,mode=0755', 'tmpfs', mount]);
  const place = path.join(mount, 'lab');
  try {
    const lab = await labUp({ dir: place, sizeMb: 64 });
    const run = await startRun(lab, await planDrill(lab, { type: 'latest' }, { bandwidthKBps: 10_000 }));
    await waitForRun(lab, run.id, (one) => (stepOf(one, 'recover').progress?.bytes ?? 0) > 0);
    const ballast = await fill(mount);
    const done = await waitForRun(lab, run.id, (one) => one.state === 'failed');
    expect(done.problem?.type).toBe('urn:barback:problem:insufficient-space');
    expect(stepOf(done, 'discard').state).toBe('succeeded');
    await expectProductionWrites(lab);
    await rm(ballast);
  } finally {
    await labDown(place);
    await mustRun(['umount', mount]);
    await rm(mount, { recursive: true });
  }
});

async function fill(mount: string): Promise<string> {
  const { bavail, bsize } = await statfs(mount);
  const directory = path.join(mount, 'somebody-else');
  await mkdir(directory);
  const file = path.join(directory, 'ballast');
  await mustRun(['fallocate', '-l', String(bavail * bsize - leaveFree), file]);
  return file;
}

async function expectProductionWrites(lab: Lab): Promise<void> {
  await sql(lab.postgres, "INSERT INTO orders (customer, amount) VALUES ('after the disk filled up', 1)");
  expect(await sql(lab.postgres, "SELECT count(*) FROM orders WHERE customer = 'after the disk filled up'")).toBe('1');
}
