import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { mustRun } from '../lab/run-command.ts';
import { runDrill } from '../support/barback-client.ts';
import { settledLab } from '../support/settled-lab.ts';

let lab: Lab;
let stop: () => Promise<void> = async () => {};

beforeAll(async () => {
  ({ lab, stop } = await settledLab());
});

afterAll(() => stop());

test('a server that the plan of a lost api holds is refused with the command that frees it, and freed by that command', async () => {
  const file = path.join(lab.dir, 'agent', 'state', 'fences', 'main.json');
  await writeFile(file, JSON.stringify({ fence: 7, plan: '01hzzzzzzzzzzzzzzzzzzzzzzz' }));
  const refused = await runDrill(lab, { type: 'immediate' });
  expect(refused.state).toBe('failed');
  expect(refused.problem).toMatchObject({ type: 'urn:barback:problem:fence-stale' });
  expect(JSON.stringify(refused.problem)).toContain('barback-agent release --server');

  const app = path.join(lab.dir, 'app');
  const release = [path.join(app, 'node'), path.join(app, 'agent.mjs'), 'release', '--config', lab.agent.configFile];
  expect(await mustRun([...release, '--server', 'main'])).toContain('main is free (fence 8)');
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ fence: 8, plan: null });
  await expect(mustRun(release)).rejects.toThrow('--server main');

  const done = await runDrill(lab, { type: 'immediate' });
  expect(done.state).toBe('succeeded');
});
