import { appendFile, copyFile, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { labProcesses } from '../lab/lab-processes.ts';
import { killProgram, programPids, startProgram } from '../lab/programs.ts';
import { mustRun } from '../lab/run-command.ts';
import { apiConfigFile } from '../support/api-config.ts';
import { request } from '../support/barback-client.ts';
import type { Box } from '../support/box.ts';
import { mirrorScene } from '../support/mirror-scene.ts';
import { apiCommand, copiedWhole, copyApiTo, databasePage, exportedEvents } from '../support/offsite.ts';

let lab: Lab;
let stop: () => Promise<void> = async () => {};
let box: Box;
/** Where the copies of the lab's log lie. */
let place: string;

beforeAll(async () => {
  ({ lab, box, stop } = await mirrorScene());
  await copyApiTo(lab, box);
  place = path.join(box.home, 'barback-api', (await copiedWhole(lab)).log);
});
afterAll(() => stop());

const database = (): string => path.join(lab.dir, 'api', 'barback.db');
const hosts = (): string => path.join(lab.dir, 'api', 'box-hosts');

async function anEvent(): Promise<void> {
  const plan = await request(lab, 'POST', '/v1/plans', { body: { server: 'main', scenario: 'backup' } });
  expect(plan.status).toBe(201);
}

/** And lets the client find out that its old connections are gone. */
async function startApi(): Promise<void> {
  await startProgram(lab, 'api');
  await poll('the api answers', 20_000, () => databasePage(lab).catch(() => undefined));
}

function killIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

async function problemWith(text: string): Promise<void> {
  await poll(
    () => `a problem that says ${text}`,
    60_000,
    async () => ((await databasePage(lab)).mirror?.problem?.detail.includes(text) === true ? true : undefined),
  );
}

async function told(type: string): Promise<number> {
  return (await exportedEvents(lab)).filter((line) => line.includes(`"type":"${type}"`)).length;
}

test('copies are made while there is something new, three are kept, and secrets without a key are named', async () => {
  for (let round = 0; round < 4; round += 1) {
    await anEvent();
    await copiedWhole(lab);
  }
  const names = await readdir(place);
  expect(names.filter((name) => name.endsWith('.json'))).toHaveLength(3);
  expect(names).toHaveLength(9);
  const page = await databasePage(lab);
  expect(page.mirror?.newest).toMatchObject({ sealed: false, seq: page.events - 1 });
  expect(page.mirror?.newest?.leftOut).toContain(path.join(lab.dir, 'api', 'signing-key.json'));
  const text = (await request(lab, 'GET', '/v1/database.txt', { role: 'admin' })).text;
  expect(text).toContain('LEFT OUT');
  expect((await request(lab, 'GET', '/metrics', { role: 'admin' })).text).toContain('barback_database_copy_failing 0');
});

test('a box with another host key gets nothing, is told about once, and so is its end', async () => {
  const known = await readFile(hosts(), 'utf8');
  const other = path.join(lab.dir, 'other-host-key');
  await mustRun(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', other]);
  const [type, key] = (await readFile(`${other}.pub`, 'utf8')).split(' ');
  await writeFile(hosts(), `[127.0.0.1]:${box.account.port} ${type} ${key}\n`);
  await anEvent();
  await problemWith('not the box whose key is known');
  expect((await request(lab, 'GET', '/metrics', { role: 'admin' })).text).toContain('barback_database_copy_failing 1');
  await writeFile(hosts(), known);
  await copiedWhole(lab);
  expect([await told('database.copy-failed'), await told('database.copy-recovered')]).toEqual([1, 1]);
});

test('a box that hangs or cuts its connections at any moment hurts nothing, and gets everything in the end', async () => {
  const until = performance.now() + 10_000;
  while (performance.now() < until) {
    await anEvent();
    const serving = (await labProcesses(lab)).filter(({ argv }) => argv[0]?.endsWith('/sftp-server') === true);
    for (const { pid } of serving) killIfThere(pid, 'SIGKILL');
  }
  await copiedWhole(lab);
  const [pid] = await programPids(lab, 'api');
  const listeners = (await labProcesses(lab)).filter(({ argv }) => argv.some((word) => word.includes('into-box')));
  for (const one of listeners) process.kill(one.pid, 'SIGSTOP');
  try {
    await anEvent();
    await problemWith('does not answer');
  } finally {
    for (const one of listeners) killIfThere(one.pid, 'SIGCONT');
  }
  await copiedWhole(lab);
  expect(await programPids(lab, 'api')).toEqual([pid]);
});

test('an older database never takes the place of the newer copy, and the copy is restored beside', async () => {
  await copiedWhole(lab);
  await killProgram(lab, 'api', 'SIGTERM');
  const old = path.join(lab.dir, 'old.db');
  await copyFile(database(), old);
  await startApi();
  await anEvent();
  const events = (await copiedWhole(lab)).events;
  await killProgram(lab, 'api', 'SIGTERM');
  const newer = path.join(lab.dir, 'newer.db');
  await rename(database(), newer);
  await mustRun(['cp', '--preserve=all', newer, database()]);
  await mustRun(['dd', `if=${old}`, `of=${database()}`, 'status=none']);
  await startApi();
  await problemWith('more events');
  const before = await readdir(place);
  await anEvent();
  await anEvent();
  await anEvent();
  // By now it is as long, and another one.
  await problemWith('another one than here');
  expect(await readdir(place)).toEqual(before);

  await killProgram(lab, 'api', 'SIGTERM');
  await rm(database());
  const restored = await apiCommand(lab, 'database', 'restore-from-box', '--config', apiConfigFile(lab));
  expect(restored.stdout, restored.stderr).toContain(`restored: ${events} events`);
  const again = await apiCommand(lab, 'database', 'restore-from-box', '--config', apiConfigFile(lab));
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('move it away first')]);
  await startApi();
  await anEvent();
  await copiedWhole(lab);
});

test('a damaged copy is not taken for one, and of several logs one must be named', async () => {
  await copiedWhole(lab);
  await killProgram(lab, 'api', 'SIGTERM');
  const kept = path.join(lab.dir, 'kept.db');
  await rename(database(), kept);
  const newest =
    (await readdir(place))
      .filter((name) => name.endsWith('.db.gz'))
      .toSorted()
      .at(-1) ?? '';
  await appendFile(path.join(place, newest), 'more');
  const damaged = await apiCommand(lab, 'database', 'restore-from-box', '--config', apiConfigFile(lab));
  expect(damaged.code).toBe(1);
  expect(damaged.stderr).toMatch(/not what was sent there|failed/);
  expect(await readdir(path.join(lab.dir, 'api'))).not.toContain('barback.db');
  await mustRun(['cp', '-a', place, path.join(path.dirname(place), '01hzzzzzzzzzzzzzzzzzzzzzzz')]);
  const several = await apiCommand(lab, 'database', 'restore-from-box', '--config', apiConfigFile(lab));
  expect(several.stderr).toContain('--log');
  await rename(kept, database());
  await startApi();
});
