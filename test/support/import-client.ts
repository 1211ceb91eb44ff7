import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { request, type PlanBody } from './barback-client.ts';

/** Makes a plan of an import of the managed standby and expects it to be accepted. */
export async function planImport(lab: Lab, options: object = {}): Promise<PlanBody> {
  const body = { server: lab.server, scenario: 'standby-import', options: { import: 'managed', ...options } };
  const answer = await request(lab, 'POST', '/v1/plans', { body });
  if (answer.status !== 201) throw new Error(`cannot plan: ${answer.status} ${answer.text}`);
  return answer.json as PlanBody;
}

/** Names and oids of all databases, what is in live's, and the directories of dumps: what an import that fails must leave alone. */
export async function importState(lab: Lab) {
  const databases = await sql(
    lab.postgres,
    'SELECT oid, datname, datallowconn FROM pg_database ORDER BY 1',
    'postgres',
  );
  const customers = await sql(lab.postgres, 'SELECT count(*), max(id) FROM customers');
  return { databases: databases.split('\n'), customers, dumps: await dumpsOf(lab) };
}

export async function dumpsOf({ postgres: { dataDir } }: Lab): Promise<string[]> {
  const prefix = `${path.basename(dataDir)}.import-`;
  return (await readdir(path.dirname(dataDir))).filter((name) => name.startsWith(prefix));
}
