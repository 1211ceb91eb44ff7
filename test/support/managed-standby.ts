import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../lab/free-port.ts';
import { LAB_MARK } from '../lab/lab-mark.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { asUser, mustRun, runCommand, startDetached } from '../lab/run-command.ts';
import { configureAgent } from './agent-config.ts';
import { settledLab } from './settled-lab.ts';
import { selfSigned } from './self-signed.ts';

/** A PostgreSQL elsewhere, reached over TLS by a role without rights over it, as a provider rents it out. */
export interface ManagedStandby {
  readonly port: number;
  readonly caFile: string;
  readonly passwordFile: string;
  /** As its superuser, whom the provider keeps. */
  sql(text: string, database?: string): Promise<string>;
}

export const standbyPassword = 'of-the-provider-4711';

const hba = 'local all all trust\nhostssl all doadmin 127.0.0.1/32 scram-sha-256\n';

/** Whom a provider has, and the application's owner and role. */
export const standbyRoles = `
CREATE ROLE smartsapp;
CREATE ROLE doadmin LOGIN PASSWORD '${standbyPassword}';
GRANT pg_read_all_data TO doadmin;
CREATE ROLE app;
CREATE DATABASE defaultdb OWNER smartsapp;
`;

/** What the application has there, by another owner than here. */
export const standbyContents = `
SET ROLE smartsapp;
CREATE SCHEMA billing;
CREATE TABLE customers (id bigserial PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE billing.invoices (id bigint GENERATED ALWAYS AS IDENTITY, at date NOT NULL, customer bigint REFERENCES customers)
  PARTITION BY RANGE (at);
CREATE TABLE billing.invoices_2025 PARTITION OF billing.invoices FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE billing.invoices_2026 PARTITION OF billing.invoices FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE "odd. ""name""" (a int);
CREATE TABLE ledger (id bigserial PRIMARY KEY, written_at timestamptz NOT NULL DEFAULT clock_timestamp(), note text NOT NULL);
CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS customers FROM customers;
INSERT INTO customers (name) SELECT 'customer ' || n FROM generate_series(1, 500) n;
INSERT INTO billing.invoices (at, customer) SELECT date '2025-06-01' + n, 1 + n % 500 FROM generate_series(1, 500) n;
REFRESH MATERIALIZED VIEW totals;
SELECT setval('customers_id_seq', 900);
GRANT SELECT, INSERT ON ledger TO app;
GRANT USAGE ON SEQUENCE ledger_id_seq TO app;
`;

/** Starts one that ends with the lab, with the same contents each time. */
export async function startManagedStandby(lab: Lab): Promise<ManagedStandby> {
  const { binDir, osUser } = lab.postgres;
  const user = process.geteuid?.() === 0 ? osUser : undefined;
  const place = path.join(lab.dir, 'managed');
  const data = path.join(place, 'data');
  await mkdir(place, { mode: 0o755 });
  if (user !== undefined) await mustRun(['chown', `${user}:`, place]);
  const initdb = [
    path.join(binDir, 'initdb'),
    '-D',
    data,
    '-U',
    'postgres',
    '--auth=trust',
    '--locale=C',
    '--encoding=UTF8',
  ];
  await mustRun(asUser(user, [...initdb, '--no-sync']));
  const port = await freePort();
  await configure(data, { port, place, user });
  const argv = asUser(user, [path.join(binDir, 'postgres'), '-D', data]);
  startDetached(argv, path.join(lab.dir, 'log', 'managed.log'), { [LAB_MARK]: lab.id });
  const psql = [
    path.join(binDir, 'psql'),
    '-XAtq',
    '-v',
    'ON_ERROR_STOP=1',
    '-h',
    place,
    '-p',
    String(port),
    '-U',
    'postgres',
  ];
  const ask = (database: string) => asUser(user, [...psql, '-d', database]);
  await poll('the managed standby answers', 30_000, async () =>
    (await runCommand(ask('postgres'), { input: 'SELECT 1' })).code === 0 ? true : undefined,
  );
  const askStandby = async (text: string, database = 'defaultdb') =>
    (await mustRun(ask(database), { input: text, limitMs: 300_000 })).trimEnd();
  await askStandby(standbyRoles, 'postgres');
  await askStandby(standbyContents);
  return { port, sql: askStandby, ...(await writeAccess(lab)) };
}

async function configure(data: string, at: { port: number; place: string; user: string | undefined }): Promise<void> {
  const { certificate, key } = selfSigned();
  const files = { 'server.crt': certificate, 'server.key': key, 'pg_hba.conf': hba };
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(data, name);
    await writeFile(file, text, { mode: 0o600 });
    if (at.user !== undefined) await mustRun(['chown', `${at.user}:`, file]);
  }
  const settings = [
    `port = ${at.port}`,
    "listen_addresses = '127.0.0.1'",
    `unix_socket_directories = '${at.place}'`,
    'ssl = on',
    'shared_buffers = 16MB',
    'dynamic_shared_memory_type = mmap',
    'fsync = off',
  ];
  const file = path.join(data, 'postgresql.auto.conf');
  await writeFile(file, `${settings.join('\n')}\n`);
}

/** What the operator was given: the provider's certificate, and a password in a file of Barman's user. */
async function writeAccess(lab: Lab): Promise<{ caFile: string; passwordFile: string }> {
  const [caFile, passwordFile] = [path.join(lab.dir, 'managed-ca.crt'), path.join(lab.dir, 'managed.pgpass')];
  await writeFile(caFile, await mustRun(['cat', path.join(lab.dir, 'managed', 'data', 'server.crt')]), { mode: 0o644 });
  await writeFile(passwordFile, `127.0.0.1:*:*:doadmin:${standbyPassword}\n`, { mode: 0o600 });
  if (process.geteuid?.() === 0) await mustRun(['chown', `${lab.barman.osUser}:`, passwordFile]);
  return { caFile, passwordFile };
}

/** How the agent's configuration describes it. */
export function managedImport(lab: Lab, { port, caFile, passwordFile }: ManagedStandby) {
  const into = { database: lab.postgres.database, role: 'app' };
  return { host: '127.0.0.1', port, database: 'defaultdb', role: 'doadmin', passwordFile, caFile, into };
}

/** What the agent of the lab knows of it from now on, under the name `managed`. */
export async function configureImport(lab: Lab, standby: ManagedStandby, changed: object = {}): Promise<void> {
  const managed = { ...managedImport(lab, standby), ...changed };
  await configureAgent(lab, (server) => void (server.imports = { managed }));
}

/** A lab whose agent knows a standby, and has the role that owns everything there. */
export async function importScene(): Promise<{ lab: Lab; standby: ManagedStandby; stop: () => Promise<void> }> {
  const { lab, stop } = await settledLab();
  try {
    const standby = await startManagedStandby(lab);
    await configureImport(lab, standby);
    await sql(lab.postgres, 'CREATE ROLE smartsapp', 'postgres');
    return { lab, standby, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
