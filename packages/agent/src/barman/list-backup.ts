import { z } from 'zod';
import { parseServerPart, type BarmanOutput } from './output.ts';

const tablespaces = z.array(z.strictObject({ name: z.string(), location: z.string() }));

const unfinished = z.strictObject({
  backup_id: z.string(),
  backup_name: z.string().optional(),
  backup_type: z.string().optional(),
  status: z.enum(['EMPTY', 'STARTED', 'FAILED', 'SYNCING']),
});

const finished = z.strictObject({
  backup_id: z.string(),
  backup_name: z.string().optional(),
  end_time: z.string(),
  end_time_timestamp: z.string(),
  retention_status: z.string(),
  size: z.string(),
  size_bytes: z.int(),
  status: z.string(),
  wal_size: z.string(),
  wal_size_bytes: z.int(),
  /** 3.4–3.10. */
  tablespaces: tablespaces.optional(),
  /** Since 3.11: `full`, `incremental`, `rsync`, `snapshot`. */
  backup_type: z.string().optional(),
});

const listSchema = z.array(z.union([unfinished, finished]));

export interface ListedBackup {
  readonly id: string;
  readonly status: string;
  /** `-` for backups that are not finished: they have none. */
  readonly retention: string;
  readonly type: string | null;
}

/** The rows of `barman -f json list-backup`, in Barman's order (newest first); shapes of 3.4–3.10 and since 3.11. */
export function parseListBackup(output: BarmanOutput, server: string, version: string): ListedBackup[] {
  return parseServerPart(output, server, listSchema, version).map((row) => ({
    id: row.backup_id,
    status: row.status,
    retention: 'retention_status' in row ? row.retention_status : '-',
    type: row.backup_type ?? null,
  }));
}
