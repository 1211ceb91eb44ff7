import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { killProgram, startProgram } from '../lab/programs.ts';
import { planDrill, request, startRun, waitForRun } from '../support/barback-client.ts';
import { exportedEvents } from '../support/offsite.ts';
import { enrollAgent, enrolmentToken } from '../support/second-host.ts';
import { settledLab } from '../support/settled-lab.ts';

let lab: Lab;
let stop: () => Promise<void> = async () => {};

beforeAll(async () => {
  ({ lab, stop } = await settledLab());
}, 180_000);
afterAll(() => stop());

test('another agent takes a server over: the run that the former one had under way has ended, and what was known is recorded', async () => {
  const plan = await planDrill(lab, { type: 'immediate' }, { hold: '1h' });
  const { id } = await startRun(lab, plan);
  await waitForRun(lab, id, (run) => run.state === 'waiting');
  const config = parse(await readFile(lab.agent.configFile, 'utf8')) as { signingKeyFile: string };
  await rm(config.signingKeyFile);
  const token = path.join(lab.dir, 'agent', 'token');
  await writeFile(token, await enrolmentToken(lab), { mode: 0o600 });
  const enrolling = enrollAgent(lab, token);
  await poll('a new key', 20_000, () => readFile(config.signingKeyFile).catch(() => undefined));
  await killProgram(lab, 'executor');
  await startProgram(lab, 'executor');
  expect((await enrolling).stdout).toContain('main is enrolled');
  const run = await waitForRun(lab, id, (one) => one.state === 'failed');
  expect(run.problem?.type).toBe('urn:barback:problem:agent-replaced');
  const changed = (await exportedEvents(lab)).map((line) => JSON.parse(line) as Changed).findLast(isChange);
  expect(changed?.data.abandoned).toEqual([id]);
  expect(changed?.data.leftBehind?.newestCommit).not.toBeNull();
  expect((await request(lab, 'GET', '/v1/servers/main')).text).toContain('"problem":null');
});

interface Changed {
  readonly type: string;
  readonly data: { readonly abandoned?: readonly string[]; readonly leftBehind?: { readonly newestCommit: unknown } };
}

function isChange({ type, data }: Changed): boolean {
  return type === 'server.changed' && data.abandoned !== undefined;
}
