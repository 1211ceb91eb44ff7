import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { mustRun } from '../lab/run-command.ts';
import { decide, endOf, hasEnded, resume, startRun, waitForRun, type RunBody } from '../support/barback-client.ts';
import { momentOf, planPointInTime } from '../support/cutover-client.ts';
import { settledLab } from '../support/settled-lab.ts';
import { setApplications } from '../support/application-scene.ts';
import { needsRoot } from '../support/needs-root.ts';

// Criterion 7 through the whole of it: between the seal and the swap somebody with rights on the host exchanges what is to be swapped.

const minutes = 60_000;
let lab: Lab;
let stop: () => Promise<void> = async () => {};
const live = (): string => lab.postgres.dataDir;
const asides = (): string => `${live()}.aside`;

beforeAll(async () => {
  ({ lab, stop } = await settledLab());
  await setApplications(lab, [{ kind: 'person', name: 'frontend' }]);
});

afterAll(() => stop());

interface Attack {
  readonly what: string;
  readonly attack: (next: string) => Promise<unknown>;
  readonly undo?: () => Promise<unknown>;
}

const attacks: readonly Attack[] = [
  { what: 'a sealed copy that belongs to somebody else', attack: (next) => mustRun(['chown', 'nobody', next]) },
  { what: 'a sealed copy that everybody may write', attack: (next) => mustRun(['chmod', '0777', next]) },
  {
    what: 'a sealed copy whose postmaster.pid names a process that runs',
    attack: (next) => writeFile(path.join(next, 'postmaster.pid'), `${process.pid}\n${next}\n`, { mode: 0o644 }),
  },
  {
    what: 'another directory at the place of the sealed copy',
    async attack(next) {
      await rename(next, asides());
      await mustRun(['install', '-d', '-m', '0700', '-o', lab.postgres.osUser, next]);
    },
    undo: () => rm(asides(), { recursive: true, force: true }),
  },
  {
    what: 'a symbolic link at the place of live',
    async attack() {
      await rename(live(), asides());
      await mustRun(['ln', '-s', asides(), live()]);
    },
    async undo() {
      await rm(live());
      await rename(asides(), live());
    },
  },
];

test.for(attacks)('finds $what: refuses it, and live runs as before', async ({ attack, undo, what }, context) => {
  needsRoot(context, 'files of other users');
  await order(`${what}: kept`);
  const time = await momentOf(lab);
  await order(`${what}: newest`);
  const { id, planId } = await startRun(lab, await planPointInTime(lab, { type: 'time', time }));
  await waitForRun(lab, id, (one) => one.state === 'waiting' || hasEnded(one), 4 * minutes);
  await attack(`${live()}.next-${planId}`);
  await decide(lab, id, 'stop-frontend', 'stopped');
  const done = await endOf(lab, id);
  await undo?.();
  expect(done.state, JSON.stringify(done.problem)).toMatch(/^(failed|needs_operator)$/);
  expect(done.problem).toMatchObject({ type: 'urn:barback:problem:location-unsafe' });
  expect(done.liveDatabase).toBe('old-running');
  const rows = `SELECT string_agg(customer, ',' ORDER BY id) FROM orders WHERE customer LIKE '${what}: %'`;
  const mine = await poll('live answers', minutes, () => sql(lab.postgres, rows).catch(() => undefined));
  expect(mine).toBe(`${what}: kept,${what}: newest`);
  await endedForGood(done);
});

/** What somebody put at the place of the copy is not deleted by the run: a person has removed it, and the run ends. */
async function endedForGood({ id, state }: RunBody): Promise<void> {
  if (state !== 'needs_operator') return;
  await rm(`${live()}.next-${(await waitForRun(lab, id, () => true)).planId}`, { recursive: true, force: true });
  await resume(lab, id);
  await waitForRun(lab, id, (one) => one.state === 'failed', minutes);
}

async function order(customer: string): Promise<void> {
  await sql(lab.postgres, `INSERT INTO orders (customer, amount) VALUES ('${customer}', 1)`);
}
