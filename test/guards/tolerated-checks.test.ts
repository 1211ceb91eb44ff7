import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { parseCheck } from '@barback/agent/barman/check.ts';
import { parseBarmanOutput } from '@barback/agent/barman/output.ts';
import { toleratedChecks } from '@barback/api/scenarios/restore-from-mirror.ts';
import { expect, test } from 'vitest';

const fixtures = path.join(import.meta.dirname, '../../packages/agent/fixtures');

async function checks(version: string, file: string) {
  const text = await readFile(path.join(fixtures, `barman-${version}`, file), 'utf8');
  return parseCheck(parseBarmanOutput(text, version), 'main', version);
}

test.each(['3.4.0', '3.13.3'])(
  'checks that are tolerated on a new host are named as Barman %s names them',
  async (version) => {
    const files = (await readdir(path.join(fixtures, `barman-${version}`))).filter((name) =>
      /^check-.*\.json$/.test(name),
    );
    const named = new Set(
      (await Promise.all(files.map((file) => checks(version, file)))).flat().map(({ name }) => name),
    );
    // Said by Barman only where it fails.
    named.add('wal_archive');
    expect(toleratedChecks.filter((name) => !named.has(name))).toEqual([]);
  },
);

test('a host whose Barman has never received WAL is taken as it is', async () => {
  const failed = (await checks('3.4.0', 'check-no-wal-yet.json')).filter(({ ok }) => !ok);
  expect(failed.map(({ name }) => name)).toEqual(['wal_archive']);
  expect(failed.filter(({ name }) => !toleratedChecks.includes(name))).toEqual([]);
});
