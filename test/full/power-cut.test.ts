import { mkdir, rm } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { promoted } from '../e2e/copy-going-live.ts';
import { operationsHost, type OperationsHost, type PlanOperations } from '../e2e/operations-host.ts';
import { takeBackup } from '../lab/barman-backup.ts';
import { labDown } from '../lab/down.ts';
import type { Lab } from '../lab/lab.ts';
import { endLabProcesses } from '../lab/lab-processes.ts';
import { readLabState } from '../lab/lab-state.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { mustRun, runCommand } from '../lab/run-command.ts';
import { labUp } from '../lab/up.ts';
import { aroundRenames } from '../support/around-renames.ts';
import { needsRoot } from '../support/needs-root.ts';

// What a filesystem holds when the power goes around the swap: the device as it is at that instant, mounted again, with nothing of
// what the kernel had not written yet. Live, the copy, Barman and the agent's own records all lie on it.

const mount = `/var/tmp/barback-power-${process.pid}`;
const image = `${mount}.img`;
const stopIn = { deadlineMs: 60_000 };
const startIn = { deadlineMs: 60_000 };
const old = ['early', 'after the copy'];
const restored = ['early'];

const isRoot = process.geteuid?.() === 0;

interface Cut {
  readonly name: string;
  readonly file: string;
}

let lab: Lab;
let operations: OperationsHost;
let plan: PlanOperations;
const cuts: Cut[] = [];

describe('a power cut around the swap', () => {
  beforeEach((context) => needsRoot(context, 'filesystems are made and mounted'));

  beforeAll(async () => {
    if (!isRoot) return;
    await mkdir(mount);
    await mustRun(['truncate', '-s', '1200M', image]);
    await mustRun(['mkfs.ext4', '-q', '-F', image]);
    await mountImage(image);
    lab = await labUp({ dir: `${mount}/lab`, tablespace: true });
    await sql(lab.postgres, "CREATE TABLE notes (text text); INSERT INTO notes VALUES ('early')");
    await takeBackup({ postgres: lab.postgres, barman: lab.barman });
    operations = await operationsHost(lab);
    plan = operations.plan();
    await promoted(plan);
    await plan.run('scratch-promote', {});
    await sql(lab.postgres, "INSERT INTO notes VALUES ('after the copy')");
    await cutAllAlong();
  });

  afterAll(async () => {
    if (!isRoot) return;
    await runCommand(['umount', mount]);
    await mountImage(image);
    await labDown(`${mount}/lab`);
    await mustRun(['umount', mount]);
    for (const { file } of cuts) await rm(file, { force: true });
    await rm(image, { force: true });
    await rm(mount, { recursive: true });
  });

  test('was made before and behind each rename, and between stop and start', () => {
    expect(cuts.map((cut) => cut.name)).toEqual([
      'sealed',
      'stopped',
      'before rename 1',
      'behind rename 1',
      'before rename 2',
      'behind rename 2',
      'swapped',
      'started',
    ]);
  });

  test.each([0, 1, 2, 3, 4, 5, 6, 7])(
    'leaves a swap that can be put back, and then live as it was (cut %i)',
    async (index) => {
      await withCut(cutAt(index), async () => {
        // Never `partial`: each directory is where a swap has it at some instant. Behind the renames the fence may still be due.
        const observed = await plan.observe('live-swap', { incoming: { from: 'scratch' } });
        expect(observed.is).toBe(index >= 6 ? 'complete' : 'absent');
        await plan.run('live-swap-back', {});
        expect(await startedNotes()).toEqual(old);
      });
    },
  );

  test.each([1, 2, 3, 4, 5, 6])('leaves a swap that can be finished, and taken back then (cut %i)', async (index) => {
    await withCut(cutAt(index), finishedAndTakenBack);
  });

  test.each([3, 5, 6])('… also when the filesystem has another number after the boot (cut %i)', async (index) => {
    // Whatever takes the first free one before it.
    const taken = (await mustRun(['losetup', '--find', '--show', image])).trim();
    try {
      await withCut(cutAt(index), finishedAndTakenBack);
    } finally {
      await mustRun(['losetup', '--detach', taken]);
    }
  });

  async function finishedAndTakenBack(): Promise<void> {
    await plan.run('live-swap', { incoming: { from: 'scratch' } });
    expect(await startedNotes()).toEqual(restored);
    await plan.run('live-stop', stopIn);
    await plan.run('live-swap-back', {});
    expect(await startedNotes()).toEqual(old);
  }

  test('behind the start leaves the restored cluster, which recovers by itself', async () => {
    await withCut(cutAt(7), async () => {
      expect(await startedNotes()).toEqual(restored);
    });
  });
});

async function cutAllAlong(): Promise<void> {
  await plan.run('scratch-seal', {});
  await cut('sealed');
  await plan.run('live-stop', stopIn);
  await cut('stopped');
  await aroundRenames(() => plan.run('live-swap', { incoming: { from: 'scratch' } }), {
    before: (rename) => cut(`before rename ${rename}`),
    behind: (rename) => cut(`behind rename ${rename}`),
  });
  await cut('swapped');
  await plan.run('live-start', startIn);
  await cut('started');
  await unmount();
}

/** A copy of the device in which nothing was written meanwhile: the second one is the same. */
async function cut(name: string): Promise<void> {
  const file = `${image}.${cuts.length}`;
  const copy = () => mustRun(['cp', '--sparse=always', image, file]);
  await copy();
  for (let tries = 1; (await runCommand(['cmp', '--quiet', image, file])).code !== 0; tries += 1) {
    if (tries === 20) throw new Error('the device does not come to rest');
    await copy();
  }
  cuts.push({ name, file });
}

function cutAt(index: number): Cut {
  const found = cuts[index];
  if (!found) throw new Error(`there is no cut ${index}`);
  return found;
}

/** Mounts what the cut left, as the host does at its next boot, and ends with the filesystem gone again. */
async function withCut({ file }: Cut, work: () => Promise<void>): Promise<void> {
  const now = `${image}.now`;
  await mustRun(['cp', '--sparse=always', file, now]);
  await mountImage(now);
  try {
    await work();
  } finally {
    await unmount();
    await rm(now);
  }
}

async function mountImage(file: string): Promise<void> {
  await mustRun(['mount', '-o', 'loop', file, mount]);
  await mustRun(['chmod', '0755', mount]);
}

/** Ends whatever works there; the kernel lets go of the files of a process a moment after its end. */
async function unmount(): Promise<void> {
  await poll('the filesystem let go', 60_000, async () => {
    const state = await readLabState(lab.dir);
    if (state) await endLabProcesses(state);
    return (await runCommand(['umount', mount])).code === 0 ? true : undefined;
  });
}

async function startedNotes(): Promise<string[]> {
  await plan.run('live-start', startIn);
  const text = await sql(lab.postgres, 'SELECT text FROM notes ORDER BY text DESC');
  return text.split('\n').filter((line) => line !== '');
}
