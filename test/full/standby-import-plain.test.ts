import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { asUser, mustRun } from '../lab/run-command.ts';
import { configureAgent } from '../support/agent-config.ts';
import { endOf, request, startRun, type PlanBody } from '../support/barback-client.ts';
import { carryOutWell, planUndo } from '../support/cutover-client.ts';
import { importState, planImport } from '../support/import-client.ts';
import { importScene, type ManagedStandby } from '../support/managed-standby.ts';

// A plain SQL dump is a program for psql: it is loaded by one that obeys nothing but SQL, as a role without rights, or not at all.

let lab: Lab;
let standby: ManagedStandby;
let stop: () => Promise<void> = async () => {};
let file: string;
let dump: string;
/** What a hostile dump would make. */
let trace: string;

const options = ['--no-owner', '--no-privileges', '--no-comments', '--no-publications', '--no-subscriptions'];

beforeAll(async () => {
  ({ lab, standby, stop } = await importScene());
  file = path.join(lab.dir, 'plain.sql');
  trace = path.join(lab.dir, 'barman', 'trace');
  dump = await dumped(options);
  const into = { database: lab.postgres.database, role: 'app' };
  await configureAgent(lab, (server) => void (server.imports = { managed: { file, into } }));
});
afterAll(() => stop());
beforeEach(() => place(dump));

async function dumped(more: readonly string[]): Promise<string> {
  const { binDir, osUser } = lab.postgres;
  const from = ['-h', path.join(lab.dir, 'managed'), '-p', String(standby.port), '-U', 'postgres', 'defaultdb'];
  const user = process.geteuid?.() === 0 ? osUser : undefined;
  return mustRun(asUser(user, [path.join(binDir, 'pg_dump'), ...more, ...from]));
}

async function place(text: string): Promise<void> {
  await writeFile(file, text);
  await chmod(file, 0o644);
}

function faultsOf({ state, findings }: PlanBody): string {
  expect(state).toBe('blocked');
  return findings.find(({ code }) => code === 'import-plain-refused')?.detail ?? '';
}

const withoutRestriction = (text: string): string => text.replaceAll(/^\\(?:un)?restrict .*\n/gm, '');

test.each([
  ['with its own restriction', (text: string) => text],
  ['of a pg_dump that had none', withoutRestriction],
])('a plain dump %s takes the place of a database, every row of it counted, and is undone', async (_name, changed) => {
  await place(changed(dump));
  const plan = await planImport(lab);
  expect(plan.state, JSON.stringify(plan.findings)).toBe('ready');
  const sum = (await mustRun(['sha256sum', file])).split(' ')[0] ?? '';
  expect(plan.findings.find(({ code }) => code === 'import-plain')?.detail).toContain(sum);
  expect((await request(lab, 'GET', `/v1/plans/${plan.id}.txt`)).text).toMatch(new RegExp(`^SHA-256 +${sum}$`, 'm'));
  const run = await carryOutWell(lab, plan);
  expect(await sql(lab.postgres, 'SELECT count(*), max(id) FROM customers')).toBe('500|500');
  expect(await sql(lab.postgres, 'SELECT count(*) FROM billing.invoices')).toBe('500');
  expect(await sql(lab.postgres, "SELECT nextval('customers_id_seq')")).toBe('901');
  expect((await request(lab, 'GET', `/v1/runs/${run.id}.txt`)).text).toContain('not said by a plain dump');
  await carryOutWell(lab, await planUndo(lab, run));
  expect(await sql(lab.postgres, 'SELECT count(*) FROM customers')).toBe('20');
});

describe('a plain dump is blocked', () => {
  test('that was cut off, wherever that was', async () => {
    for (const end of [dump.indexOf('-- PostgreSQL database dump complete'), dump.indexOf('\tcustomer 250\n')]) {
      await place(dump.slice(0, end));
      expect(faultsOf(await planImport(lab))).toContain('its trailer is missing');
    }
  });

  test('that names owners and privileges, with the options that leave them out', async () => {
    await place(await dumped([]));
    expect(faultsOf(await planImport(lab))).toMatch(/--no-owner.*--no-privileges/s);
  });

  test('with a command of psql, or one that ends the restriction', async () => {
    await place(dump.replace('CREATE TABLE', `\\! touch ${trace}\nCREATE TABLE`));
    expect(faultsOf(await planImport(lab))).toContain('commands of psql');
    const key = /^\\restrict (\w+)$/m.exec(dump)?.[1] ?? '';
    await place(dump.replace('CREATE TABLE', `SELECT 1 \\unrestrict ${key} \\! touch ${trace}\nCREATE TABLE`));
    expect(faultsOf(await planImport(lab))).toContain('somewhere else');
  });

  test('that others may write to', async () => {
    await chmod(file, 0o666);
    const body = { server: lab.server, scenario: 'standby-import', options: { import: 'managed' } };
    const answer = await request(lab, 'POST', '/v1/plans', { body });
    expect(answer.json).toMatchObject({ type: 'urn:barback:problem:location-unsafe' });
  });
});

describe('what comes through is refused where it is loaded, and live is not touched', () => {
  test.each([
    ['a command behind a statement', () => `SELECT 1 \\! touch ${trace}\n;\n`, 'backslash commands are restricted'],
    ['a program of the server', () => `COPY (SELECT 1) TO PROGRAM 'touch ${trace}';\n`, 'pg_execute_server_program'],
    ['a file of the server', () => `COPY customers TO '${trace}';\n`, 'pg_write_server_files'],
    ['another role', () => 'SET ROLE postgres;\n', 'permission denied'],
  ])('%s', async (_name, line, words) => {
    for (const text of [dump, withoutRestriction(dump)]) {
      const before = await importState(lab);
      await place(text.replace(/^ALTER TABLE ONLY/m, `${line()}ALTER TABLE ONLY`));
      const run = await endOf(lab, (await startRun(lab, await planImport(lab))).id);
      expect([run.state, run.problem?.detail]).toEqual(['failed', expect.stringContaining(words)]);
      expect(await importState(lab)).toEqual(before);
      await expect(readFile(trace)).rejects.toThrow('ENOENT');
      await rm(trace, { force: true });
    }
  });

  test('another file than the one that was planned with', async () => {
    const before = await importState(lab);
    const plan = await planImport(lab);
    await place(dump.replace('\tcustomer 250\n', '\tcustomer 25O\n'));
    const run = await endOf(lab, (await startRun(lab, plan)).id);
    expect([run.state, run.problem?.type]).toEqual(['failed', 'urn:barback:problem:plan-void']);
    expect(await importState(lab)).toEqual(before);
  });
});
