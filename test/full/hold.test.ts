import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { psqlArgv } from '../lab/psql.ts';
import { mustRun } from '../lab/run-command.ts';
import { planDrill, request, startRun, stepOf, waitForRun } from '../support/barback-client.ts';
import { codesOf, findingOf } from '../support/plan-findings.ts';
import { settledLab } from '../support/settled-lab.ts';

let lab: Lab;
let stop: () => Promise<void> = async () => {};

beforeAll(async () => {
  ({ lab, stop } = await settledLab());
});

afterAll(() => stop());

test('a held copy is open for psql by the line that the run prints, until a person discards it', async () => {
  const run = await startRun(lab, await planDrill(lab, { type: 'latest' }, { hold: '2h' }));
  await waitForRun(lab, run.id, (one) => one.state === 'waiting');
  const shown = (await request(lab, 'GET', `/v1/runs/${run.id}.txt`)).text;
  const [, host = '', port = ''] = /psql -h (\S+) -p (\d+) -U postgres/.exec(shown) ?? [];
  const psql = psqlArgv({ ...lab.postgres, host, port: Number(port) });
  expect(await mustRun([...psql, '-c', 'SELECT pg_is_in_recovery(), count(*) > 0 FROM orders'])).toBe('f|t\n');
  const decision = { decision: 'discard', note: 'seen enough' };
  expect((await request(lab, 'POST', `/v1/runs/${run.id}/gates/hold`, { body: decision })).status).toBe(200);
  const done = await waitForRun(lab, run.id, (one) => one.state === 'succeeded');
  expect(stepOf(done, 'discard').state).toBe('succeeded');
  await expect(mustRun([...psql, '-c', 'SELECT 1'])).rejects.toThrow('No such file or directory');
});

test('a held copy is discarded by itself at the deadline, and nothing else may start on the server meanwhile', async () => {
  const run = await startRun(lab, await planDrill(lab, { type: 'immediate' }, { hold: '3s' }));
  const second = await planDrill(lab, { type: 'immediate' });
  expect(findingOf(second, 'other-run')).toMatchObject({ severity: 'warning' });
  expect(findingOf(second, 'other-run').detail).toContain(run.id);
  const refused = await request(lab, 'POST', `/v1/plans/${second.id}/runs`);
  expect(refused.status).toBe(409);
  expect(refused.json).toMatchObject({ type: 'urn:barback:problem:server-busy' });
  const done = await waitForRun(lab, run.id, (one) => one.state === 'succeeded');
  expect(stepOf(done, 'discard').state).toBe('succeeded');
  const text = (await request(lab, 'GET', `/v1/audit.txt?run=${run.id}`, { role: 'admin' })).text;
  expect(text).toContain('gate.decided');
  expect(codesOf(await planDrill(lab, { type: 'immediate' }))).toEqual([]);
  expect((await startRun(lab, second)).id).not.toBe(run.id);
});
