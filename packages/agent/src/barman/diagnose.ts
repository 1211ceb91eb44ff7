import { lsnPattern } from '@barback/shared/postgres/lsn.ts';
import { parseInstant } from '@barback/shared/postgres/instant.ts';
import { z } from 'zod';
import { describeIssue, unknownOutput } from './output.ts';

const instant = z.string().transform((text, context) => {
  const parsed = parseInstant(text);
  if (parsed.ok) return parsed.micros;
  context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is not an instant` });
  return z.NEVER;
});
const lsn = z.string().regex(lsnPattern);

/** `backup.info` as diagnose prints it. Not strict: each version adds fields, and only these are used. */
const backupSchema = z.object({
  backup_id: z.string(),
  status: z.string(),
  begin_time: instant.nullable(),
  end_time: instant.nullable(),
  timeline: z.int().nullable(),
  begin_xlog: lsn.nullable(),
  end_xlog: lsn.nullable(),
  begin_wal: z.string().nullable(),
  end_wal: z.string().nullable(),
  size: z.int().nullable(),
  version: z.int().nullable(),
  systemid: z.string().nullable().optional(),
  xlog_segment_size: z.int().nullable().optional(),
  tablespaces: z.array(z.tuple([z.string(), z.int(), z.string()])).nullable(),
  mode: z.string().nullable(),
  compression: z.string().nullable().optional(),
  encryption: z.string().nullable().optional(),
  snapshots_info: z.unknown().optional(),
  parent_backup_id: z.string().nullable().optional(),
  /** Since 3.11: bytes of the restored cluster, where `size` are those of the backup. */
  cluster_size: z.int().nullable().optional(),
});

/** Of a connection string, a keyword list or a URI, only the user is kept; null: libpq takes the user that it runs as. */
const connectionRole = z
  .string()
  .nullish()
  .transform((text) => (typeof text === 'string' ? { role: roleOf(text) } : null));

function roleOf(text: string): string | null {
  const [, quoted, plain] = /(?:^|\s)user\s*=\s*(?:'((?:[^'\\]|\\.)*)'|([^\s']+))/.exec(text) ?? [];
  const uri = /^postgres(?:ql)?:\/\/(?:([^:@/?]+)(?::[^@/]*)?@|[^?]*\?(?:.*&)?user=([^&]+))/.exec(text);
  const inUri = uri?.[1] ?? uri?.[2];
  return quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? (inUri === undefined ? null : decodeURIComponent(inUri));
}

const configSchema = z
  .object({
    backup_directory: z.string(),
    barman_home: z.string(),
    barman_lock_directory: z.string(),
    /** Not in 3.4. */
    lock_directory_cleanup: z.boolean().optional(),
    basebackups_directory: z.string(),
    wals_directory: z.string(),
    incoming_wals_directory: z.string(),
    streaming_wals_directory: z.string(),
    backup_method: z.string(),
    primary_ssh_command: z.string().nullable().optional(),
    streaming_archiver: z.boolean(),
    archiver: z.boolean(),
    slot_name: z.string().nullable().optional(),
    streaming_archiver_name: z.string(),
    streaming_backup_name: z.string(),
    conninfo: connectionRole,
    streaming_conninfo: connectionRole,
  })
  .transform(({ conninfo, streaming_conninfo, ...config }) => ({
    ...config,
    /** Whom Barman connects as; for replication by the first string where it has none of its own (3.4–3.13, config.py). */
    roles: { database: conninfo?.role ?? null, replication: (streaming_conninfo ?? conninfo)?.role ?? null },
  }));

const serverSchema = z.object({
  config: configSchema,
  backups: z.record(z.string(), backupSchema),
  status: z.object({ postgres_systemid: z.string().nullable().optional() }),
});

const diagnoseSchema = z.object({ servers: z.record(z.string(), z.unknown()) });

export type DiagnosedBackup = z.infer<typeof backupSchema>;
export type Diagnosis = z.infer<typeof serverSchema>;

/**
 * One server's part of `barman diagnose`: directories and every backup with exact instants (3.4.0 prints ISO 8601 here and
 * `ctime` elsewhere). The rest, connection strings included, is dropped at once.
 */
export function parseDiagnose(text: string, server: string, version: string): Diagnosis {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unknownOutput(redacted(text), version, 'diagnose is not JSON');
  }
  const all = diagnoseSchema.safeParse(value);
  if (!all.success) throw unknownOutput(redacted(text), version, describeIssue(all.error));
  const part = all.data.servers[server];
  if (part === undefined) throw unknownOutput('', version, `diagnose does not list the server ${server}`);
  const parsed = serverSchema.safeParse(part);
  if (!parsed.success) throw unknownOutput('', version, `diagnose of ${server}: ${describeIssue(parsed.error)}`);
  return parsed.data;
}

/** Connection strings may hold passwords: of an unreadable diagnose only the first word is shown. */
function redacted(text: string): string {
  return text.slice(0, 16);
}
