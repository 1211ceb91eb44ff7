import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { planDrill, request, startRun, waitForRun } from '../support/barback-client.ts';
import { settledLab } from '../support/settled-lab.ts';

let lab: Lab;
let stop: () => Promise<void> = async () => {};

beforeAll(async () => {
  ({ lab, stop } = await settledLab());
});

afterAll(() => stop());

test('no secret is ever in an argument, an environment, a log, the database or the export while a drill runs', async () => {
  const secrets = await secretsOf(lab);
  expect(secrets.size).toBeGreaterThanOrEqual(6);
  const found = new Set<string>();
  const seen = new Set<number>();
  const run = await startRun(lab, await planDrill(lab, { type: 'latest' }, { amcheck: 'tables' }));
  await waitForRun(lab, run.id, (one) => {
    void searchProcesses(secrets, found, seen);
    return one.state === 'succeeded';
  });
  await searchProcesses(secrets, found, seen);
  // The search must have looked at the programs themselves, or it proves nothing.
  expect(seen.size).toBeGreaterThan(10);
  const exported = await request(lab, 'GET', '/v1/audit/export', { role: 'admin' });
  searchText(exported.text, 'export', secrets, found);
  for (const file of await filesToSearch(lab)) searchText(await readFile(file, 'latin1'), file, secrets, found);
  expect([...found]).toEqual([]);
});

test('the search finds a secret that is planted where it looks', async () => {
  const secrets = await secretsOf(lab);
  const found = new Set<string>();
  searchText(`x ${[...secrets.values()][0]} y`, 'planted', secrets, found);
  expect(found.size).toBe(1);
});

/** Everything that must stay secret: API keys, private keys and the TLS key. */
async function secretsOf(one: Lab): Promise<ReadonlyMap<string, string>> {
  const secrets = new Map<string, string>();
  for (const [role, key] of Object.entries(one.api.keys)) secrets.set(`key ${role}`, key);
  for (const program of ['agent', 'api']) {
    const jwk = JSON.parse(await readFile(path.join(one.dir, program, 'signing-key.json'), 'utf8')) as { d: string };
    secrets.set(`signing key of ${program}`, jwk.d);
  }
  const pem = await readFile(path.join(one.dir, 'agent', 'certificate-key.pem'), 'utf8');
  secrets.set('TLS key', pem.split('\n')[1] ?? '');
  return secrets;
}

async function searchProcesses(
  secrets: ReadonlyMap<string, string>,
  found: Set<string>,
  seen: Set<number>,
): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    for (const part of ['cmdline', 'environ']) {
      const text = await readFile(`/proc/${pid}/${part}`, 'latin1').catch(() => '');
      if (text !== '') seen.add(Number(pid));
      searchText(text, `/proc/${pid}/${part}`, secrets, found);
    }
  }
}

function searchText(text: string, where: string, secrets: ReadonlyMap<string, string>, found: Set<string>): void {
  for (const [name, secret] of secrets) if (text.includes(secret)) found.add(`${name} in ${where}`);
}

/** Every file of the lab except the few that are the secrets' own places. */
async function filesToSearch(one: Lab): Promise<readonly string[]> {
  const own = /(signing-key\.json|certificate-key\.pem|lab\.json|\.header)$/;
  const files: string[] = [];
  for (const part of ['log', 'api', 'agent', 'barman/log', 'barman/barman.log']) {
    const root = path.join(one.dir, part);
    const info = await stat(root).catch(() => undefined);
    if (info?.isFile()) files.push(root);
    if (!info?.isDirectory()) continue;
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && !own.test(entry.name)) files.push(path.join(entry.parentPath, entry.name));
    }
  }
  return files;
}
