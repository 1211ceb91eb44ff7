import { readFileSync } from 'node:fs';
import { absolutePathSchema } from '@barback/shared/wire/absolute-path.ts';
import { publicJwkSchema } from '@barback/shared/wire/keys.ts';
import { importNameSchema } from '@barback/shared/operations/import.ts';
import { collectionNameSchema } from '@barback/shared/operations/postman.ts';
import { poolerNameSchema } from '@barback/shared/operations/pooler.ts';
import { probeSchema } from '@barback/shared/operations/scratch-probe.ts';
import { recipientSchema } from '@barback/shared/sealed/seal.ts';
import { serverNameSchema } from '@barback/shared/wire/identifiers.ts';
import { type Document, parseDocument } from 'yaml';
import { z } from 'zod';
import { importSchema, loopback } from './import-config.ts';

const userName = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'write the name of a local user');
const roleName = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/, 'write a lower-case role name');

const barmanSchema = z.strictObject({
  /** Program and options before the sub-command, e.g. [/usr/bin/barman, -c, /etc/barman.conf]. */
  argv: z.array(z.string().min(1)).min(1),
  /** The user that Barman runs as; leave it out when the agent runs as that user. */
  user: userName.optional(),
  /** The server's name in Barman's configuration. */
  server: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/),
});

const serviceSchema = z.discriminatedUnion('kind', [
  /** By pg_ctlcluster, which hands over to systemd where that runs. */
  z.strictObject({
    kind: z.literal('debian-cluster'),
    version: z.int().min(9).max(99),
    cluster: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/),
  }),
  /** By pg_ctl: the directory of postgresql.conf, and the file that the server writes its first words to. */
  z.strictObject({ kind: z.literal('pg_ctl'), configDirectory: absolutePathSchema, logFile: absolutePathSchema }),
]);

const postgresSchema = z.strictObject({
  user: userName.optional(),
  binDirectory: absolutePathSchema,
  dataDirectory: absolutePathSchema,
  socketDirectory: absolutePathSchema,
  port: z.int().min(1).max(65_535),
  superuser: roleName.default('postgres'),
  database: z.string().min(1).max(63).default('postgres'),
  /** How live is started and stopped; left out: it is never replaced. */
  service: serviceSchema.optional(),
  /** Left out: beside the cluster's configuration, as the service has it. */
  hbaFile: absolutePathSchema.optional(),
});

const scratchSchema = z.strictObject({
  /** Parent of the scratch directories; beside the data directory when left out. */
  directory: absolutePathSchema.optional(),
  /** Copies run as this user: it can read Barman's files and cannot write live's. Barman's user when left out. */
  user: userName.optional(),
  /** Free bytes that must remain on every live filesystem while a copy is made; default 1 GiB (T6). */
  freeBytesFloor: z
    .int()
    .nonnegative()
    .default(1024 ** 3),
  /** Scratch directories of plans that no longer hold the server are removed after this many hours. */
  keepHours: z
    .int()
    .min(1)
    .max(24 * 90)
    .default(72),
  /** Parallel copies of `barman recover`; default half of the processors, at least 1. */
  jobs: z.int().min(1).max(64).optional(),
});

/** A PgBouncer whose clients wait while live is replaced. */
const poolerSchema = z
  .strictObject({
    /** Directory of its socket, or the host that it listens on. */
    host: z.union([absolutePathSchema, z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/)]),
    port: z.int().min(1).max(65_535).default(6432),
    /** One of its admin_users; over the socket its own system user needs no password as pgbouncer. */
    role: roleName.default('pgbouncer'),
    /** The system user that asks it; PostgreSQL's when left out. */
    user: userName.optional(),
    /** As .pgpass, readable by that user. */
    passwordFile: absolutePathSchema.optional(),
    caFile: absolutePathSchema.optional(),
    /** Names in PgBouncer's own configuration, all of them databases of this server. */
    databases: z.array(z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/)).min(1),
  })
  .refine(({ host, caFile }) => host.startsWith('/') || loopback.test(host) || caFile !== undefined, {
    path: ['caFile'],
    message: 'name the certificates that another host must prove itself with',
  });

/** What a new host needs besides Barman's files; what is usual on Debian is known and need not be named. */
const vaultSchema = z.strictObject({
  /** Public keys of age that secrets are encrypted to; without one they are left out. */
  recipients: z.array(recipientSchema).max(16).default([]),
  /** Further files and directories, read as the agent's own user: name none that somebody else may write. */
  files: z.array(absolutePathSchema).max(100).default([]),
  /** The same, each of them a secret as a whole. */
  secretFiles: z.array(absolutePathSchema).max(100).default([]),
});

const relativePath = z.string().regex(/^(?![.-])[A-Za-z0-9._-]+(\/(?![.-])[A-Za-z0-9._-]+)*$/, 'write a relative path');

/** Where Barman's files of this server are mirrored to, as Barman's user: a Storage Box, or any host with ssh and rsync. */
const mirrorSchema = z.strictObject({
  host: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/, 'write the name of a host'),
  /** Storage Boxes have rsync and a shell at 23 alone. */
  port: z.int().min(1).max(65_535).default(23),
  user: z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'write the name of the account'),
  /** Below the account's home; each server gets one of its own in it. */
  directory: relativePath,
  /** The whole directory that a restore comes from, where that is not the server's own: another prefix, or another server's. */
  restoreFrom: relativePath.optional(),
  /** Private key, readable by Barman's user. */
  identityFile: absolutePathSchema,
  /** The box's host keys, and nothing else. */
  knownHostsFile: absolutePathSchema,
  bandwidthKBps: z.int().min(1).optional(),
  vault: vaultSchema.prefault({}),
});

const serverSchema = z.strictObject({
  barman: barmanSchema,
  postgres: postgresSchema,
  scratch: scratchSchema.prefault({}),
  /** LOGIN role without superuser that given SQL runs as (T5). */
  probeRole: roleName.default('barback_probe'),
  probes: z.array(probeSchema).default([]),
  poolers: z.record(poolerNameSchema, poolerSchema).default({}),
  mirror: mirrorSchema.optional(),
  imports: z.record(importNameSchema, importSchema).default({}),
  /** Preload libraries that a copy may load because replay or queries need them (T2). */
  preloadLibraries: z
    .array(z.string().regex(/^[A-Za-z0-9_$.-]{1,64}$/))
    .default(['pg_stat_statements', 'auto_explain']),
});

const address = z
  .string()
  .regex(/^[A-Za-z0-9_.*[\]"-]{1,200}$/, 'write an address such as hcloud_server.db, or hcloud_server.*');

/** How a host is looked for before another takes its place: by the key that its sshd proves itself with, and without logging in. */
const knownHostSchema = z.strictObject({
  ssh: z.strictObject({
    host: z.string().regex(/^[A-Za-z0-9:][A-Za-z0-9.:-]{0,252}$/),
    port: z.int().min(1).max(65_535).default(22),
    /** A line of /etc/ssh/ssh_host_*_key.pub without the comment. */
    hostKey: z
      .string()
      .regex(/^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)) [A-Za-z0-9+/]+={0,2}$/, 'write TYPE KEY'),
  }),
});

/** A directory of Terraform or OpenTofu that makes hosts; an agent of its own has it, where its state and its credentials may be. */
const provisionerSchema = z
  .strictObject({
    /** terraform or tofu; left out: hosts are made by hand, and a run waits for them. */
    program: absolutePathSchema.optional(),
    /** The root module. */
    directory: absolutePathSchema.optional(),
    /** Who runs it; the agent's own user when left out. */
    user: userName.optional(),
    /** Values of variables, secrets among them: readable by that user alone. */
    varFile: absolutePathSchema.optional(),
    /** Providers come from here and from nowhere else. */
    pluginDirectory: absolutePathSchema.optional(),
    /** Outputs that a run shows; sensitive ones never are. */
    outputs: z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/)).default([]),
    /** Resources that may be deleted or replaced; all others may only be made or changed. */
    mayReplace: z.array(address).default([]),
    /** Resources that never may, besides volumes, boxes, addresses and the like. */
    never: z.array(address).default([]),
    /** Hosts that it makes, by the server on them. */
    hosts: z.record(serverNameSchema, knownHostSchema).default({}),
  })
  .refine(({ program, directory }) => (program === undefined) === (directory === undefined), {
    path: ['program'],
    message: 'name program and directory together, or neither',
  });

/** A Postman collection for smoke checks; never on the host of a database that is restored. */
const collectionSchema = z.strictObject({
  /** newman. */
  program: absolutePathSchema,
  file: absolutePathSchema,
  /** Of the file, as `sha256sum` prints it. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Values of variables, secrets among them: readable by the user alone. */
  environmentFile: absolutePathSchema.optional(),
  user: userName.optional(),
});

export const agentConfigSchema = z.strictObject({
  /** The agent's identity in tokens (`aud`) and receipts (`iss`). */
  id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  /** Owned by the executor's user, 0700: jobs, fences, plan records. */
  stateDirectory: absolutePathSchema,
  /** The executor's Unix socket; its directory must be searchable by the gateway's user. */
  socket: absolutePathSchema,
  /** Group that may connect to the socket besides the executor's own user. */
  socketGroup: userName.optional(),
  /** JWK with the executor's private Ed25519 key, 0600. */
  signingKeyFile: absolutePathSchema,
  gateway: z.strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    /** 0 lets the system choose; the gateway's first line of output names it. */
    port: z.int().min(0).max(65_535),
    certificateFile: absolutePathSchema,
    keyFile: absolutePathSchema,
  }),
  apis: z.array(z.strictObject({ id: z.string().min(1).max(64), publicKey: publicJwkSchema })).min(1),
  servers: z.record(serverNameSchema, serverSchema).default({}),
  provisioners: z.record(serverNameSchema, provisionerSchema).default({}),
  collections: z.record(collectionNameSchema, collectionSchema).default({}),
});

/** What the parts of a configuration must be together. */
const wholeConfigSchema = agentConfigSchema
  .refine(({ servers, provisioners }) => Object.keys({ ...servers, ...provisioners }).length > 0, {
    path: ['servers'],
    message: 'name at least one server',
  })
  .refine(({ servers, provisioners }) => !Object.keys(servers).some((name) => Object.hasOwn(provisioners, name)), {
    path: ['provisioners'],
    message: 'a name is that of a server or of a provisioner',
  });

export type AgentConfig = z.infer<typeof agentConfigSchema>;
export type ServerConfig = AgentConfig['servers'][string];
export type ProvisionerConfig = AgentConfig['provisioners'][string];

/** Everything that a request may name. */
export function namesOf({ servers, provisioners }: Pick<AgentConfig, 'servers' | 'provisioners'>): string[] {
  return Object.keys({ ...servers, ...provisioners });
}

/** Parses the configuration text strictly; on failure throws one Error that lists every problem with its place and fix. */
export function parseConfig(text: string, file: string): AgentConfig {
  const document = parseDocument(text, { strict: true, uniqueKeys: true });
  const syntax = [...document.errors, ...document.warnings].map((error) => error.message.split('\n')[0] ?? '');
  if (syntax.length > 0) throw new Error(configMessage(file, syntax));
  const parsed = wholeConfigSchema.safeParse(withoutAliases(document, file));
  if (parsed.success) return parsed.data;
  throw new Error(
    configMessage(
      file,
      parsed.error.issues.map((issue) => `${issue.path.join('.') || '(top)'}: ${issue.message}`),
    ),
  );
}

function withoutAliases(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    throw new Error(configMessage(file, ['(top): write values out instead of referring to them by an alias (*name)']));
  }
}

export function readConfig(file: string): AgentConfig {
  return parseConfig(readFileSync(file, 'utf8'), file);
}

function configMessage(file: string, problems: readonly string[]): string {
  return `cannot use the configuration ${file}:\n${problems.map((one) => `  - ${one}`).join('\n')}`;
}
