import { readdir, readFile, rm, truncate } from 'node:fs/promises';
import path from 'node:path';
import { processesIn } from '@barback/agent/system/process-table.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { archiveWal } from '../lab/barman-backup.ts';
import { stopCluster } from '../lab/cluster-control.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { carryOutWell, cutoverOf, planPointInTime, planUndo } from '../support/cutover-client.ts';
import { expectProtected, note, notes, targetBehind } from '../support/restored-and-undone.ts';
import { settledLab } from '../support/settled-lab.ts';

// A restore is asked for when live is down already, in whatever state (T32). One lab, broken again and again.

const minutes = 60_000;

let lab: Lab;
let stop: () => Promise<void> = async () => {};

beforeAll(async () => {
  ({ lab, stop } = await settledLab());
  await note(lab, 'first');
});

afterAll(() => stop());

interface Broken {
  readonly how: string;
  /** Leaves live so that it does not run. */
  readonly breakLive: () => Promise<void>;
  /** Whether what was live can be put back, with what it had. */
  readonly undoable: boolean;
}

const broken: readonly Broken[] = [
  { how: 'stopped', breakLive: () => stopCluster(lab.postgres), undoable: true },
  // What crashed has commits that only its own recovery brings back: that is a person's decision, and the undo says how.
  { how: 'crashed, its postmaster.pid left', breakLive: crash, undoable: false },
  { how: 'not able to start, because pg_control is damaged', breakLive: damage, undoable: false },
  { how: 'emptied, as the runbook leaves it', breakLive: empty, undoable: false },
];

test.each(broken)(
  'live that is $how is restored and protected again, and taken back only where there is something to go back to',
  async ({ how, breakLive, undoable }) => {
    const before = await notes(lab);
    const target = await targetBehind(lab, `${how}: kept`);
    await note(lab, `${how}: undone`);
    await archiveWal(lab);
    // Planned once while it runs, so that the index has read that far.
    await poll('a plan', 60_000, () => planPointInTime(lab, target).catch(() => undefined));
    await breakLive();
    const plan = await planPointInTime(lab, target);
    expect(plan.state, JSON.stringify(plan.findings)).toBe('ready');
    expect(plan.findings.map((one) => one.code)).toContain('live-down');
    const run = await carryOutWell(lab, plan, 5 * minutes);
    expect(run.liveDatabase).toBe('new-running');
    expect(await notes(lab)).toEqual([...before, `${how}: kept`]);
    await expectProtected(lab, run, true);
    expect(cutoverOf(run).kept).not.toBeNull();
    if (!undoable) return;
    const undone = await carryOutWell(lab, await planUndo(lab, run), 5 * minutes);
    const now = await notes(lab);
    expect(now).toEqual([...before, `${how}: kept`, `${how}: undone`]);
    await expectProtected(lab, undone, true);
  },
);

async function crash(): Promise<void> {
  const file = path.join(lab.postgres.dataDir, 'postmaster.pid');
  const pid = Number((await readFile(file, 'utf8')).split('\n')[0]);
  process.kill(pid, 'SIGKILL');
  // Its children notice that it is dead.
  await poll('the end of its children', 30_000, async () =>
    (await processesIn(lab.postgres.dataDir)).length === 0 ? true : undefined,
  );
}

async function damage(): Promise<void> {
  await stopCluster(lab.postgres);
  await truncate(path.join(lab.postgres.dataDir, 'global', 'pg_control'), 16);
}

async function empty(): Promise<void> {
  await stopCluster(lab.postgres);
  const { dataDir } = lab.postgres;
  for (const name of await readdir(dataDir)) await rm(path.join(dataDir, name), { recursive: true });
}
