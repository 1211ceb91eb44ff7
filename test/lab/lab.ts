import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { Protection } from './protection.ts';

const Api = z.strictObject({
  url: z.string(),
  keys: z.strictObject({ viewer: z.string(), operator: z.string(), approver: z.string(), admin: z.string() }),
});

const Agent = z.strictObject({ url: z.string(), configFile: z.string() });

const Postgres = z.strictObject({
  version: z.number().int(),
  /** Directory of the Unix socket; the lab's server has no TCP listener. */
  host: z.string(),
  port: z.number().int(),
  binDir: z.string(),
  dataDir: z.string(),
  superuser: z.string(),
  database: z.string(),
  /** Operating-system user of the server. */
  osUser: z.string(),
  /** Debian's cluster name, or null where the lab was made by initdb. */
  cluster: z.string().nullable(),
  configDir: z.string(),
  logFile: z.string(),
  tablespaceDir: z.string().nullable(),
});

const Barman = z.strictObject({
  /** Prefix of every barman command, for example `[...argv, 'list-backup', 'main']`; works for the user who made the lab. */
  argv: z.array(z.string()),
  version: z.string(),
  protection: Protection,
  configFile: z.string(),
  home: z.string(),
  osUser: z.string(),
});

/** What `lab.json` holds: everything a caller needs to use the lab. */
const LabFile = z.strictObject({
  id: z.string(),
  dir: z.string(),
  server: z.literal('main'),
  api: Api,
  agent: Agent,
  postgres: Postgres,
  barman: Barman,
});

export type Lab = z.infer<typeof LabFile>;
export type LabPostgres = z.infer<typeof Postgres>;
export type LabBarman = z.infer<typeof Barman>;

/** Reads the description of a lab that `labUp` completed. */
export async function readLab(dir: string): Promise<Lab> {
  return LabFile.parse(JSON.parse(await readFile(path.join(dir, 'lab.json'), 'utf8')));
}
