import { rm } from 'node:fs/promises';
import type { Result } from '@barback/shared/operations/index.ts';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitForCleanCheck } from '../lab/barman-backup.ts';
import type { Lab } from '../lab/lab.ts';
import { labProcesses } from '../lab/lab-processes.ts';
import { poll } from '../lab/poll.ts';
import { runCommand } from '../lab/run-command.ts';
import { sql } from '../lab/psql.ts';
import { endOf, resume, startRun, stepOf, waitForRun, type RunBody } from '../support/barback-client.ts';
import type { Box } from '../support/box.ts';
import { acknowledgedPlan, loseHost, marksOf } from '../support/lost-host.ts';
import { mirrorScene } from '../support/mirror-scene.ts';
import { needsRoot } from '../support/needs-root.ts';
import { moveRecord, restartHost, secondHost } from '../support/second-host.ts';
import { smallDisk } from '../support/small-disk.ts';

const mebibyte = 1024 ** 2;
const slowly = { bandwidthKBps: 8_000 };

let first: Lab;
let box: Box;
let held: readonly string[];
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  const scene = await mirrorScene({ sizeMb: 32 });
  stops.push(scene.stop);
  ({ lab: first, box } = scene);
});
const stopAll = async (): Promise<void> => {
  for (const stop of stops.splice(0).toReversed()) await stop();
};
afterEach(stopAll);
afterAll(stopAll);

describe('a restore from the mirror', () => {
  test('whose connections to the box are cut again and again asks for the rest alone', async () => {
    const second = await lostFor();
    const { id } = await startRun(second, await acknowledgedPlan(second, slowly));
    for (const at of [6, 12, 18]) {
      await waitForRun(second, id, (run) => fetchedBytes(run) > at * mebibyte);
      for (const { pid } of await serving()) process.kill(pid, 'SIGKILL');
    }
    const run = await endOf(second, id);
    await restored(second, run);
    const { fetched, filled } = run.result as unknown as Record<'fetched' | 'filled', { bytes: number }>;
    expect(fetched.bytes + filled.bytes).toBeLessThan(1.2 * (await bytesOfMirror()));
  });

  test('whose host is restarted while it fetches, recovers and fills up goes on each time, and fetches nothing twice', async () => {
    const second = await lostFor();
    const { id } = await startRun(second, await acknowledgedPlan(second));
    for (const name of ['fetch', 'recover', 'backfill']) {
      await waitForRun(second, id, (run) => stepOf(run, name).startedAt !== null);
      await restartHost(second);
    }
    const run = await resumedToItsEnd(second, id);
    await restored(second, run);
    const { fetched, filled } = run.result as unknown as Record<'fetched' | 'filled', { bytes: number }>;
    expect(fetched.bytes + filled.bytes).toBeLessThan(1.2 * (await bytesOfMirror()));
  });

  test('whose disk fills up ends before anything of the host is replaced; with room again the next plan goes on with what is there', async (context) => {
    needsRoot(context, 'a filesystem of its own');
    const disk = await smallDisk();
    stops.push(disk.remove);
    const second = await lostFor(disk.mount);
    const { id } = await startRun(second, await acknowledgedPlan(second, slowly));
    await waitForRun(second, id, (run) => fetchedBytes(run) > 12 * mebibyte);
    const ballast = await disk.fill();
    const run = await endOf(second, id);
    expect([run.state, run.problem?.type]).toEqual(['failed', 'urn:barback:problem:insufficient-space']);
    expect(run.liveDatabase).toBe('old-running');
    expect(await sql(second.postgres, "SELECT count(*) FROM pg_class WHERE relname = 'marks'")).toBe('0');
    await rm(ballast);
    const again = await endOf(second, (await startRun(second, await acknowledgedPlan(second))).id);
    await restored(second, again);
    const { fetched } = again.result as unknown as { fetched: Result<'mirror-fetch'> };
    expect(fetched.bytes).toBeLessThan((await bytesOfMirror()) - 8 * mebibyte);
  });
});

/** Where a person is asked, because the outcome is not known, the run is told to go on. */
async function resumedToItsEnd(second: Lab, id: string): Promise<RunBody> {
  for (let tries = 0; ; tries += 1) {
    const run = await endOf(second, id);
    if (run.state !== 'needs_operator' || tries === 5) return run;
    await resume(second, id);
    await poll('the run goes on', 20_000, async () =>
      (await waitForRun(second, id, () => true)).state === 'needs_operator' ? undefined : true,
    );
  }
}

async function bytesOfMirror(): Promise<number> {
  return Number((await runCommand(['du', '-sb', box.mirror])).stdout.split('\t')[0]);
}

/** Another host for the server of the first, which is destroyed. */
async function lostFor(parent?: string): Promise<Lab> {
  const second = await secondHost(first, box, parent);
  stops.push(second.stop);
  ({ held } = await loseHost(first));
  await moveRecord(first, second.lab);
  return second.lab;
}

async function restored(second: Lab, run: RunBody): Promise<void> {
  expect(run.state, JSON.stringify(run.problem)).toBe('succeeded');
  expect(await marksOf(second)).toEqual(held);
  await waitForCleanCheck(second.barman);
}

function fetchedBytes(run: RunBody): number {
  return stepOf(run, 'fetch').progress?.bytes ?? 0;
}

async function serving() {
  const all = await labProcesses(first);
  return all.filter(({ argv }) => argv[0]?.endsWith('rsync') === true && argv[1] === '--server');
}
