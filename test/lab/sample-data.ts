import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { LabPostgres } from './lab.ts';
import { sql } from './psql.ts';
import { mustRun } from './run-command.ts';

export interface SampleOptions {
  /** Approximate size of the table `filler` in MB; 0 leaves it out. */
  readonly sizeMb: number;
  readonly tablespaceDir: string | null;
}

/** Rows of 930 bytes or so: eight to a page, and below the size from which values would be compressed. */
const ROWS_PER_MB = 1024;

const ROLES = `
CREATE ROLE barman SUPERUSER LOGIN;
CREATE ROLE streaming_barman REPLICATION LOGIN;
CREATE ROLE app LOGIN;
CREATE ROLE barback_probe LOGIN;
GRANT pg_read_all_data TO barback_probe;
CREATE DATABASE system;
`;

const TABLES = `
CREATE TABLE customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE
);
CREATE TABLE orders (
  id bigserial PRIMARY KEY,
  customer text NOT NULL,
  amount numeric NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_created_at ON orders (created_at);
CREATE TABLE invoices (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id bigint NOT NULL REFERENCES orders,
  paid boolean NOT NULL DEFAULT false,
  issued_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO customers (name) SELECT 'customer ' || n FROM generate_series(1, 20) n;
INSERT INTO orders (customer, amount) SELECT 'customer ' || (1 + n % 20), (n * 37 % 10000) / 100.0 FROM generate_series(1, 1000) n;
INSERT INTO invoices (order_id, paid) SELECT id, id % 3 = 0 FROM orders WHERE id % 2 = 0;
`;

/** Makes the lab's roles, its database `system` and the rows in it. */
export async function createSampleData(postgres: LabPostgres, options: SampleOptions): Promise<void> {
  await sql(postgres, ROLES, 'postgres');
  await sql(postgres, TABLES);
  if (options.sizeMb > 0) {
    const rows = `SELECT n, repeat(md5(n::text), 29) FROM generate_series(1, ${options.sizeMb * ROWS_PER_MB}) n`;
    await sql(postgres, `CREATE TABLE filler (id bigint NOT NULL, body text NOT NULL);\nINSERT INTO filler ${rows};`);
    await sql(postgres, 'ALTER TABLE filler ADD PRIMARY KEY (id);\nVACUUM (ANALYZE) filler;');
  }
  if (options.tablespaceDir !== null) await createTablespace(postgres, options.tablespaceDir);
}

async function createTablespace(postgres: LabPostgres, dir: string): Promise<void> {
  await mkdir(dir, { mode: 0o700 });
  if (postgres.cluster !== null) await mustRun(['chown', `${postgres.osUser}:`, dir]);
  const location = `'${path.resolve(dir).replaceAll("'", "''")}'`;
  await sql(postgres, `CREATE TABLESPACE ts1 LOCATION ${location};`);
  await sql(
    postgres,
    `CREATE TABLE archive_orders (LIKE orders INCLUDING ALL) TABLESPACE ts1;
INSERT INTO archive_orders SELECT * FROM orders WHERE id <= 100;`,
  );
}
