import path from 'node:path';
import { z } from 'zod';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { LetIn } from '../postgres/fence-sql.ts';
import type { Exempt } from '../postgres/hba-fence.ts';
import { ensureDirectory } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import type { Call, Host } from './handler.ts';
import { clusterDirectory } from './cluster-configuration.ts';
import { diagnose, requireBarman } from './run-barman.ts';
import { scratchPlace } from './scratch-place.ts';

/** Where PostgreSQL reads who may connect; undefined when the configuration does not say how live is run. */
export function hbaFileOf(host: Host): string | undefined {
  const { hbaFile } = host.server.postgres;
  if (hbaFile !== undefined) return hbaFile;
  const directory = clusterDirectory(host);
  return directory === undefined ? undefined : path.join(directory, 'pg_hba.conf');
}

export function requireHbaFile(host: Host): string {
  const file = hbaFileOf(host);
  if (file !== undefined) return file;
  throw new ProblemError('location-unsafe', `it is not known where pg_hba.conf of ${host.serverName} lies`, {
    next: "set postgres.service or postgres.hbaFile in the agent's configuration; nothing was changed",
  });
}

/** What a person does who finds the fence and no agent. */
export function liftByHand(host: Host): string {
  const { binDirectory, dataDirectory, user } = host.server.postgres;
  const as = user === undefined ? '' : `as ${user} `;
  return `remove the lines from BEGIN to END, then ${as}run ${binDirectory}/pg_ctl reload -D ${dataDirectory}`;
}

const rolesSchema = z.strictObject({ database: z.string(), replication: z.string().nullable() });

/** Roles that Barman connects as. What an earlier step of the plan learned is used: to start Barman takes half a second of outage. */
export async function barmanRoles(host: Host, call: Call): Promise<z.infer<typeof rolesSchema>> {
  const known = call.plan === null ? undefined : await readIfExists(rolesFile(host, call.plan));
  return known === undefined ? askBarman(host, call) : rolesSchema.parse(JSON.parse(known));
}

export async function exemptOf(host: Host, call: Call): Promise<Exempt[]> {
  const roles = await barmanRoles(host, call);
  const { superuser, database } = host.server.postgres;
  return [
    { role: superuser, from: 'local', to: { database } },
    { role: host.server.probeRole, from: 'local', to: { database: null }, isOptional: true },
    { role: asBytes(roles.database), from: 'anywhere', to: { database: null } },
    ...(roles.replication === null
      ? []
      : [{ role: asBytes(roles.replication), from: 'anywhere', to: 'replication' } satisfies Exempt]),
  ];
}

/** Each once, as people and SQL write them. */
export function roleNames(exempt: readonly Exempt[]): string[] {
  return [...new Set(exempt.map((one) => Buffer.from(one.role, 'latin1').toString()))];
}

export function letInOf(exempt: readonly Exempt[]): LetIn {
  return {
    local: roleNames(exempt.filter((one) => one.from === 'local')),
    anywhere: roleNames(exempt.filter((one) => one.from === 'anywhere')),
  };
}

async function askBarman(host: Host, call: Call): Promise<z.infer<typeof rolesSchema>> {
  const { config } = await diagnose(host.server, await requireBarman(host.server, call.signal), call.signal);
  // Without a name libpq takes that of the user it runs as.
  const named = (role: string | null) => role ?? host.server.barman.user ?? 'barman';
  const replicates = config.streaming_archiver || config.backup_method === 'postgres';
  const roles = {
    database: named(config.roles.database),
    replication: replicates ? named(config.roles.replication) : null,
  };
  if (call.plan !== null) {
    await ensureDirectory(scratchPlace(host, call.plan).records);
    await writeAtomic(rolesFile(host, call.plan), JSON.stringify(roles));
  }
  return roles;
}

/** As the text of pg_hba.conf is read: one character for each byte. */
function asBytes(role: string): string {
  return Buffer.from(role).toString('latin1');
}

function rolesFile(host: Host, plan: string): string {
  return path.join(scratchPlace(host, plan).records, 'barman-roles.json');
}
