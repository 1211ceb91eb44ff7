import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archiveWal, listBackups, waitForCleanCheck } from '../lab/barman-backup.ts';
import type { Lab } from '../lab/lab.ts';
import { killProgram, startProgram } from '../lab/programs.ts';
import { apiConfigFile } from '../support/api-config.ts';
import { endOf, request, startRun } from '../support/barback-client.ts';
import type { Box } from '../support/box.ts';
import { mirror, mirrorPage, mirrorWell } from '../support/mirror-client.ts';
import {
  apiCommand,
  copiedWhole,
  copyApiTo,
  emptied,
  exportedEvents,
  fetchWithSftp,
  putBack,
  stillText,
} from '../support/offsite.ts';
import { acknowledgedPlan, loseHost, marksOf, predictedLoss } from '../support/lost-host.ts';
import { moveRecord, secondHost } from '../support/second-host.ts';
import { mark, mirrorScene } from '../support/mirror-scene.ts';
import { pullAtRandom } from '../support/pull-at-random.ts';

const minutes = 60_000;
const mebibyte = 1024 ** 2;

let lab: Lab;
let stop: () => Promise<void> = async () => {};
let box: Box;

beforeAll(async () => {
  ({ lab, box, stop } = await mirrorScene());
});
afterAll(() => stop());

describe('a mirror', () => {
  test('holds everything of Barman, tells how old it is, and a second run sends what is new alone', async () => {
    expect((await mirrorPage(lab)).current).toBeNull();
    const first = await mirror(lab);
    expect(first.state, JSON.stringify(first.problem)).toBe('succeeded');
    const there = ['barback-mirror.json', 'base', 'identity.json', 'streaming', 'vault', 'wals'];
    expect(await readdir(box.mirror)).toEqual(expect.arrayContaining(there));
    const shown = await mirrorPage(lab);
    expect(shown.current?.run).toBe(first.id);
    expect(shown.current?.destination).toContain('barman-mirror/main');
    expect(shown.lostNow?.commits).toBe(0);
    await mark(lab);
    await archiveWal({ postgres: lab.postgres, barman: lab.barman });
    const { push } = await mirrorWell(lab);
    expect(push?.filesSent).toBeLessThan(20);
    expect(push?.bytesSent).toBeLessThan(80 * mebibyte);
    expect(push?.bytesHashed).toBeLessThan(80 * mebibyte);
    const manifest = await readFile(path.join(box.mirror, 'barback-mirror.json'), 'utf8');
    expect((JSON.parse(manifest) as { files: unknown[] }).files.length).toBeGreaterThan(900);
    expect((await request(lab, 'GET', '/v1/servers/main/mirror.txt')).text).toContain('a disaster loses now');
  });

  test('that is pulled at any moment, while it is brought up to date, restores with no less than its page said', async () => {
    expect(await pullAtRandom({ lab, box }, 5)).toBe(5);
  });
});

test("the api's host is lost: from the box alone a new api has every plan and run and an intact audit log, and goes on", async () => {
  const identity = await generateX25519Identity();
  await copyApiTo(lab, box, { recipients: [await identityToRecipient(identity)] });
  const { run } = (await mirrorPage(lab)).current ?? { run: '' };
  const paths = [`/v1/runs/${run}`, '/v1/plans', '/v1/servers/main/mirror', `/v1/runs/${run}/report.txt`];
  const before = await Promise.all(paths.map(async (one) => stillText((await request(lab, 'GET', one)).text)));
  const events = await exportedEvents(lab);
  // With what it writes meanwhile of its own accord: findings.
  const { log } = await copiedWhole(lab);
  await killProgram(lab, 'api');

  const lost = await emptied(lab);
  const fetched = await fetchWithSftp(lab, box, `barback-api/${log}`);
  await putBack(lab, { fetched, identity, box });
  const restored = await apiCommand(lab, 'database', 'restore-from-box', '--config', apiConfigFile(lab));
  expect(restored.stderr).toBe('');
  const [, count] = /restored: (\d+) events of log (?:\w+)/.exec(restored.stdout) ?? [];
  expect(Number(count)).toBeGreaterThanOrEqual(events.length);
  await startProgram(lab, 'api');
  const after = await Promise.all(paths.map(async (one) => stillText((await request(lab, 'GET', one)).text)));
  expect(after).toEqual(before);
  expect((await exportedEvents(lab)).slice(0, events.length)).toEqual(events);
  await mirrorWell(lab);
  await copiedWhole(lab);
  expect(lost.length).toBeGreaterThan(3);
});

test('the host of the database is lost: another one comes up from the box alone, with every commit that the mirror had and what is lost told before', async () => {
  const { lab: second, stop: stopSecond } = await secondHost(lab, box);
  try {
    const backups = (await listBackups(lab.barman)).map((one) => one.id);
    const { held, lost } = await loseHost(lab);
    await moveRecord(lab, second);
    const plan = await acknowledgedPlan(second);
    expect(predictedLoss(plan)).toBeGreaterThanOrEqual(lost.length);
    expect((await request(second, 'GET', `/v1/plans/${plan.id}.txt`)).text).toContain('brought up to date');
    const run = await endOf(second, (await startRun(second, plan)).id, 8 * minutes);
    expect(run.state, JSON.stringify(run.problem)).toBe('succeeded');
    expect(await marksOf(second)).toEqual(held);
    expect((await listBackups(second.barman)).map((one) => one.id)).toEqual(expect.arrayContaining(backups));
    await waitForCleanCheck(second.barman);
    expect((await request(second, 'GET', `/v1/runs/${run.id}/report.txt`)).text).toContain('fetched first');
  } finally {
    await stopSecond();
  }
});
