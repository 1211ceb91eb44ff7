import type { Backup } from '@barback/shared/operations/backup.ts';
import { backupSchema } from '@barback/shared/operations/backup.ts';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { z } from 'zod';

const instant = z.string().nullable();

const backupViewSchema = backupSchema.extend({ beginTime: instant, endTime: instant }).meta({ id: 'Backup' });

export const backupListSchema = z
  .strictObject({ server: z.string(), backups: z.array(backupViewSchema), links: z.record(z.string(), z.string()) })
  .meta({ id: 'Backups' });

export type BackupList = z.infer<typeof backupListSchema>;

export function backupList(server: string, backups: readonly Backup[]): BackupList {
  return {
    server,
    backups: backups.map((backup) => ({
      ...backup,
      beginTime: backup.beginTime === null ? null : formatInstant(backup.beginTime),
      endTime: backup.endTime === null ? null : formatInstant(backup.endTime),
    })),
    links: { self: `/v1/servers/${server}/backups`, server: `/v1/servers/${server}`, plan: '/v1/plans' },
  };
}
