import path from 'node:path';
import { walProtectionSchema, type WalProtection } from '@barback/shared/operations/wal-protection.ts';
import type { Diagnosis } from '../barman/diagnose.ts';
import { slotListSql } from '../postgres/slot-sql.ts';
import { identityOf } from '../system/directory-tree.ts';
import { askIfAnswering } from './ask-live.ts';
import type { Call, Host } from './handler.ts';

const protectionSql = `SELECT json_build_object(
    'slots', (${slotListSql}),
    'slotBytesMax', (SELECT nullif(setting::int8, -1) * 1024 * 1024 FROM pg_settings WHERE name = 'max_slot_wal_keep_size'),
    'walBytesMax', pg_size_bytes(current_setting('max_wal_size')),
    'walReceivers', (SELECT coalesce(json_agg(DISTINCT application_name), '[]') FROM pg_stat_replication),
    'archiver', (SELECT CASE WHEN current_setting('archive_mode') = 'off' THEN null ELSE json_build_object(
      'failedCount', failed_count, 'lastFailedWal', last_failed_wal,
      'lastFailedAt', (extract(epoch FROM last_failed_time) * 1000000)::int8,
      'lastArchivedAt', (extract(epoch FROM last_archived_time) * 1000000)::int8,
      'ready', (SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name ~ '^[0-9A-F]{24}[.]ready$')) END
      FROM pg_stat_archiver));`;

/** How live is protected at this moment. */
export async function readWalProtection(
  host: Host,
  diagnosis: Diagnosis | undefined,
  call: Call,
): Promise<WalProtection> {
  const [barman, live] = await Promise.all([
    diagnosis ? barmanProtection(host, diagnosis) : null,
    askIfAnswering(host, { sql: protectionSql }, walProtectionSchema.shape.live.unwrap(), call),
  ]);
  return { barman, live };
}

async function barmanProtection(host: Host, { config }: Diagnosis): Promise<WalProtection['barman']> {
  return {
    streamingArchiver: config.streaming_archiver,
    archiver: config.archiver,
    slotName: config.slot_name ?? null,
    streamingArchiverName: config.streaming_archiver_name,
    streamingBackupName: config.streaming_backup_name,
    cronSeenAt: await cronSeenAt(config.barman_lock_directory, host.server.barman.server),
    cronLeavesLock: config.lock_directory_cleanup !== true,
  };
}

/**
 * Every `barman cron` writes its pid into the server's cron lock, whether it finds something to do or not, and nothing else writes
 * there (lockfile.py `acquire` and server.py `cron`, the same in 3.4.0, 3.13.3 and 3.17.0; `.cron.lock` is never taken). Barman 3.13
 * removes the file again at the end of cron, unless `lock_directory_cleanup` is off (seen with 3.13.3; 3.4.0 has no such option).
 */
async function cronSeenAt(lockDirectory: string, server: string): Promise<number | null> {
  return (await identityOf(path.join(lockDirectory, `.${server}-cron.lock`)))?.modifiedAt ?? null;
}
