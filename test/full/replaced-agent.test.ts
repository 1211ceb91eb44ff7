import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { killProgram, startProgram } from '../lab/programs.ts';
import { decide, planDrill, request, startRun, waitForRun } from '../support/barback-client.ts';
import { exportedEvents } from '../support/offsite.ts';
import { enrollAgent, enrolmentToken } from '../support/second-host.ts';
import { settledLab } from '../support/settled-lab.ts';

let lab: Lab;
let stop: () => Promise<void> = async () => {};

beforeAll(async () => {
  ({ lab, stop } = await settledLab());
});
afterAll(() => stop());

test('a new key of the same host takes nothing from the run that its agent has under way', async () => {
  const id = await heldDrill();
  expect(await enrolledAnew()).toContain('main is enrolled');
  expect((await lastChange())?.data.abandoned).toEqual([]);
  await decide(lab, id, 'hold', 'discard');
  await waitForRun(lab, id, (one) => one.state === 'succeeded');
});

test('another host takes a server over: the run that the former one had under way has ended, and what was known is recorded', async () => {
  const id = await heldDrill();
  // What tells hosts apart: an agent that has never given the server to this run's plan.
  expect(await enrolledAnew(() => rm(path.join(lab.dir, 'agent', 'state', 'fences'), { recursive: true }))).toContain(
    'main is enrolled',
  );
  const run = await waitForRun(lab, id, (one) => one.state === 'failed');
  expect(run.problem?.type).toBe('urn:barback:problem:agent-replaced');
  const changed = await lastChange();
  expect(changed?.data.abandoned).toEqual([id]);
  expect(changed?.data.leftBehind?.newestCommit).not.toBeNull();
  expect((await request(lab, 'GET', '/v1/servers/main')).text).toContain('"problem":null');
});

/** A drill whose copy is open and waits for a person. */
async function heldDrill(): Promise<string> {
  const { id } = await startRun(lab, await planDrill(lab, { type: 'immediate' }, { hold: '1h' }));
  await waitForRun(lab, id, (run) => run.state === 'waiting');
  return id;
}

/** Enrols the agent with a new key, and starts its executor again; answers what was printed. */
async function enrolledAnew(meanwhile: () => Promise<void> = async () => {}): Promise<string> {
  const config = parse(await readFile(lab.agent.configFile, 'utf8')) as { signingKeyFile: string };
  await rm(config.signingKeyFile);
  const token = path.join(lab.dir, 'agent', 'token');
  await writeFile(token, await enrolmentToken(lab), { mode: 0o600 });
  const enrolling = enrollAgent(lab, token);
  await poll('a new key', 20_000, () => readFile(config.signingKeyFile).catch(() => undefined));
  await killProgram(lab, 'executor');
  await meanwhile();
  await startProgram(lab, 'executor');
  return (await enrolling).stdout;
}

async function lastChange(): Promise<Changed | undefined> {
  return (await exportedEvents(lab)).map((line) => JSON.parse(line) as Changed).findLast(isChange);
}

interface Changed {
  readonly type: string;
  readonly data: { readonly abandoned?: readonly string[]; readonly leftBehind?: { readonly newestCommit: unknown } };
}

function isChange({ type, data }: Changed): boolean {
  return type === 'server.changed' && data.abandoned !== undefined;
}
