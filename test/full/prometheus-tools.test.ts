import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../lab/run-command.ts';
import { openApiRig, type ApiRig } from '../support/api-rig.ts';
import { debianProgram } from '../support/debian-program.ts';

// Debian's own promtool, unpacked and not installed: its package would start a server.

let directory: string;
let api: ApiRig;
let promtool: string | null;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'barback-promtool-'));
  api = await openApiRig();
  promtool = await debianProgram(directory, 'prometheus', 'usr/bin/promtool');
});
afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

test('the metrics are what promtool accepts, without a complaint', async ({ skip }) => {
  skip(promtool === null, 'apt cannot fetch prometheus');
  api.engine.start();
  const body = { server: 'main', scenario: 'drill', target: { type: 'latest' } };
  const { id } = (await api.ask('POST', '/v1/runs', { body })).json as { id: string };
  await api.rig.until(id, 'succeeded');
  const { text } = await api.ask('GET', '/metrics');
  const checked = await runCommand([promtool ?? '', 'check', 'metrics'], { input: text });
  // It complains about names of prom-client's own, which are of Node and not ours.
  const ours = checked.stdout
    .split('\n')
    .concat(checked.stderr.split('\n'))
    .filter((line) => line.startsWith('barback_'));
  expect(ours).toEqual([]);
  expect(checked.stderr).not.toMatch(/error while linting|parse error/);
});

test('the alert rules are what promtool accepts', async ({ skip }) => {
  skip(promtool === null, 'apt cannot fetch prometheus');
  const rules = path.join(import.meta.dirname, '../../deploy/prometheus/barback-rules.yml');
  const checked = await runCommand([promtool ?? '', 'check', 'rules', rules]);
  expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining('9 rules found')]);
});
