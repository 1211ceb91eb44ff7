import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { JobDirectory, requestDigest } from '@barback/agent/jobs/directory.ts';
import { jobFormat } from '@barback/agent/jobs/files.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { promoted } from '../e2e/copy-going-live.ts';
import { operationsHost, type OperationsHost, type PlanOperations } from '../e2e/operations-host.ts';
import { takeBackup } from '../lab/barman-backup.ts';
import { stopCluster } from '../lab/cluster-control.ts';
import { labDown } from '../lab/down.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { killProgram } from '../lab/programs.ts';
import { sql } from '../lab/psql.ts';
import { mustRun, runCommand } from '../lab/run-command.ts';
import { labUp } from '../lab/up.ts';
import { aroundRenames } from '../support/around-renames.ts';
import { rescueArgv } from '../support/rescue-by-hand.ts';

// The night in which api, gateway and executor are gone and a run was cut short in the middle of its cutover: what is left is the
// agent's program, its state directory, and STATE.txt.

const stopIn = { deadlineMs: 60_000 };
const fromCopy = { incoming: { from: 'scratch' } } as const;

let lab: Lab;
let jobs: JobDirectory;
let operations: OperationsHost;
let live: string;
let pg: string;

beforeAll(async () => {
  lab = await labUp({ dir: `/var/tmp/barback-rescue-${process.pid}`, tablespace: true });
  live = lab.postgres.dataDir;
  pg = path.dirname(live);
  await sql(lab.postgres, "CREATE TABLE notes (text text); INSERT INTO notes VALUES ('early')");
  await takeBackup({ postgres: lab.postgres, barman: lab.barman });
  for (const program of ['api', 'gateway', 'executor'] as const) await killProgram(lab, program);
  jobs = new JobDirectory(path.join(lab.dir, 'agent', 'state'));
  // The operations of a run, with the records where the agent's own program looks for them.
  operations = await operationsHost(lab, {}, path.join(lab.dir, 'agent', 'state'));
});

afterAll(async () => {
  await operations?.close();
  if (lab) await labDown(lab.dir);
});

const rescue = async (verb: string) => mustRun(await rescueArgv(lab, verb));

/** Which of both answers, through the fence: only the old one has what was written after the copy. */
async function answering(plan: PlanOperations): Promise<'old' | 'restored'> {
  const text = `SELECT count(*) FROM notes WHERE text = '${plan.plan}'`;
  const count = await poll('live answers', 20_000, () => sql(lab.postgres, text).catch(() => undefined));
  return count === '1' ? 'old' : 'restored';
}

/** Fenced and stopped as a run does it, with the copy ready. */
async function untilSwap(): Promise<PlanOperations> {
  const plan = operations.plan();
  await promoted(plan);
  await sql(lab.postgres, `INSERT INTO notes VALUES ('${plan.plan}')`);
  await plan.run('scratch-seal', {});
  await plan.run('live-fence', {});
  await plan.run('live-stop', stopIn);
  return plan;
}

/** Ends like a killed agent, behind so many renames. */
async function swapKilledBehind(plan: PlanOperations, renames: number): Promise<void> {
  const die = (rename: number): void => {
    if (rename > renames) throw new Error('killed');
  };
  const swap = aroundRenames(() => plan.run('live-swap', fromCopy), { before: die, behind: () => undefined });
  await expect(swap).rejects.toThrow('killed');
}

const stateText = (plan: PlanOperations) => readFile(`${live}.before-${plan.plan}.STATE.txt`, 'utf8');

/** The lines below a heading of STATE.txt, up to the next one. */
async function linesBelow(plan: PlanOperations, heading: string): Promise<string[]> {
  const lines = (await stateText(plan)).split('\n');
  const below = lines.slice(lines.findIndex((line) => line.trim() === heading) + 1);
  const end = below.findIndex((line) => !line.startsWith('      '));
  return below.slice(0, end).map((line) => line.trim());
}

async function typed(line: string): Promise<string> {
  return mustRun(['/bin/sh', '-c', line]);
}

async function expectOpen(): Promise<void> {
  expect(await rescue('status')).toMatch(/fence {7}none\nhold {8}none/);
  expect(
    await sql(lab.postgres, "SELECT count(*) FROM pg_hba_file_rules WHERE error IS NULL AND auth_method = 'reject'"),
  ).toBe('0');
  await sql(lab.postgres, "INSERT INTO notes VALUES ('written after the rescue')");
}

/** As an executor leaves it that was killed between the claim and the start of a runner. */
async function jobThatNobodyBegan({ plan }: PlanOperations): Promise<string> {
  const opid = newId(Date.now());
  const asked = { op: 'live-swap', params: {}, plan, step: null, attempt: null };
  const rest = { fence: 1, serverName: 'main', acceptedAt: Date.now() * 1000, digest: requestDigest(asked) };
  expect(await jobs.claim({ format: jobFormat, opid, ...asked, ...rest }, '{}', '{}')).toBe(true);
  return opid;
}

describe('with the agent’s program alone', () => {
  let plan: PlanOperations;

  test('a run that was cut off between stop and swap: status says so, and undo starts what lies there', async () => {
    plan = await untilSwap();
    const said = await rescue('status');
    expect(said).toContain('PostgreSQL  does not run');
    expect(said).toContain(`hold        of plan ${plan.plan}`);
    expect(said).toContain(`last plan   ${plan.plan}, which has not swapped directories`);
    const waiting = await jobThatNobodyBegan(plan);
    expect(await rescue('undo')).toMatch(/PostgreSQL was started: timeline 1/);
    expect((await jobs.view(waiting))?.state).toBe('failed');
    expect(await answering(plan)).toBe('old');
    expect(await rescue('lift')).toContain('hold and fence are lifted');
    await expectOpen();
    await plan.run('scratch-discard', {});
  });

  test('one that was cut off between the two renames is finished, looked at, and opened', async () => {
    plan = await untilSwap();
    await swapKilledBehind(plan, 1);
    expect(await rescue('status')).toContain(`live path   ${live}: nothing is there`);
    const said = await rescue('finish');
    expect(said).toMatch(/PostgreSQL was started: timeline 2/);
    expect(said).toContain(`${live}: what the plan restored`);
    expect(said).toContain(`fence       of plan ${plan.plan}`);
    expect(await answering(plan)).toBe('restored');
    expect(await rescue('finish')).toContain('PostgreSQL runs: timeline 2');
    await rescue('lift');
    await expectOpen();
  });

  test('is undone afterwards, and a repeated undo leaves live running', async () => {
    expect(await rescue('undo')).toMatch(/what was live before lies at the live path again/);
    expect(await answering(plan)).toBe('old');
    const before = await sql(lab.postgres, 'SELECT pg_postmaster_start_time()');
    expect(await rescue('undo')).toContain('PostgreSQL runs');
    expect(await sql(lab.postgres, 'SELECT pg_postmaster_start_time()')).toBe(before);
    const refused = await runCommand(await rescueArgv(lab, 'finish'));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`what plan ${plan.plan} restored was taken back`);
    expect(await sql(lab.postgres, 'SELECT pg_postmaster_start_time()')).toBe(before);
    await rescue('lift');
    await expectOpen();
    expect(await readdir(pg)).not.toContain(`${path.basename(live)}.before-${plan.plan}.STATE.txt`);
  });

  test('never takes the swap of an earlier plan for the one of a plan that was cut off before its own', async () => {
    const earlier = await untilSwap();
    await earlier.run('live-swap', fromCopy);
    await earlier.run('live-start', stopIn);
    await earlier.run('live-unfence', {});
    const ino = (await stat(live)).ino;
    // 3 where Barman has received the 2 of the test before meanwhile.
    const timeline = await sql(lab.postgres, "SELECT ltrim(substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), '0')");
    expect(timeline).toMatch(/^[23]$/);
    const later = operations.plan();
    await later.run('live-fence', {});
    await later.run('live-stop', stopIn);
    const refused = await runCommand(await rescueArgv(lab, 'finish'));
    expect(refused.stderr).toContain(`plan ${later.plan} has no copy that is ready`);
    expect(await rescue('undo')).toContain(`PostgreSQL was started: timeline ${timeline}`);
    expect((await stat(live)).ino).toBe(ino);
    await rescue('lift');
    await expectOpen();
    // Its own undo, so that the next test begins as this one did.
    expect(await rescue('undo')).toContain('timeline 1');
    await rescue('lift');
  });
});

describe('with the lines of STATE.txt alone', () => {
  test('a swap that was cut off between its renames is finished, then put back by hand', async () => {
    const plan = await untilSwap();
    await swapKilledBehind(plan, 1);
    const old = `inode ${(await stat(`${live}.before-${plan.plan}`)).ino}`;
    expect(await stateText(plan)).toContain(`${old} on device`);
    const [, enter = ''] = await linesBelow(plan, 'finish');
    for (const line of [enter, ...(await linesBelow(plan, 'then, in both cases, open what is at the live path'))])
      await typed(line);
    expect(await answering(plan)).toBe('restored');
    await expectOpen();
    // Everything is where the agent's program expects it: both may be mixed.
    expect(await rescue('status')).toContain(`${live}: what the plan restored`);
    await stopCluster(lab.postgres);
    for (const line of await linesBelow(plan, 'put the old one back')) await typed(line);
    for (const line of await linesBelow(plan, 'then, in both cases, open what is at the live path')) await typed(line);
    expect(await answering(plan)).toBe('old');
    await expectOpen();
  });

  test('names the very commands of the agent’s program', async () => {
    const plan = await untilSwap();
    await swapKilledBehind(plan, 0);
    const [undo = ''] = await linesBelow(plan, 'put the old one back and start it');
    expect(undo).toMatch(/ rescue undo --server main --config \S+$/);
    await rescue('undo');
    await rescue('lift');
    await expectOpen();
  });
});
