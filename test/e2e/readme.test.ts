import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { incidentListSchema } from '@barback/api/incidents/incident-schema.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { mustRun } from '../lab/run-command.ts';
import { waitForRun } from '../support/barback-client.ts';
import { settledLab } from '../support/settled-lab.ts';
import { verifyExport } from '../support/verify-export.ts';

let lab: Lab;
let stop: () => Promise<void> = async () => {};
let directory: string;

beforeAll(async () => {
  ({ lab, stop } = await settledLab());
  // What the README's operator has to find.
  await sql(lab.postgres, 'DROP TABLE invoices');
  directory = await mkdtemp(path.join(tmpdir(), 'barback-readme-'));
  await copyFile(path.join(lab.dir, 'keys', 'admin.header'), path.join(directory, 'operator.header'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
  await stop();
});

test('every curl line of the README does what the text around it says, in its order', async () => {
  const variables: Record<string, string> = { BARBACK: lab.api.url };
  const probes: { ok: boolean }[] = [];
  const lines = await readmeLines();
  expect(lines.length).toBeGreaterThanOrEqual(15);
  for (const line of lines) {
    const words = split(line, variables);
    const argv = [words[0] as string, '--fail-with-body', ...words.slice(1)];
    const said = await mustRun(argv, { cwd: directory }).catch((error: Error) => {
      throw new Error(`the README's line fails: ${line}\n${error.message}`);
    });
    if (line.endsWith('/v1/plans"')) variables['PLAN'] = (JSON.parse(said) as { id: string }).id;
    if (line.includes('/transactions?'))
      variables['XID'] = String(incidentListSchema.parse(JSON.parse(said)).transactions[0]?.xid);
    if (line.endsWith('/runs"')) {
      variables['RUN'] = (JSON.parse(said) as { id: string }).id;
      const run = await waitForRun(lab, variables['RUN'], (one) => one.state === 'succeeded', 300_000);
      probes.push(...(run.result?.probes ?? []));
    }
  }
  expect(probes.map((probe) => probe.ok)).toEqual([true]);
  expect(verifyExport(await readFile(path.join(directory, 'audit.jsonl'), 'utf8'))).toMatchObject({ ok: true });
});

async function readmeLines(): Promise<readonly string[]> {
  const readme = await readFile(path.join(import.meta.dirname, '../../README.md'), 'utf8');
  const blocks = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
  return blocks.flatMap((block) => block.split('\n')).filter((line) => line !== '');
}

/** Splits a line as a shell does for the quotes and variables that the README uses; anything else is an error. */
function split(line: string, variables: Readonly<Record<string, string>>): string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) =>
    word.replaceAll(
      /'([^']*)'|"([^"]*)"/g,
      (_, single?: string, double?: string) =>
        single ??
        (double ?? '').replaceAll(/\$([A-Z]+)/g, (__, name: string) => {
          const value = variables[name];
          if (value === undefined) throw new Error(`the README uses $${name} before anything has named it`);
          return value;
        }),
    ),
  );
}
