import { z } from 'zod';

/** How a lab's Barman protects its server. */
export const Protection = z.strictObject({
  /** How WAL reaches Barman: by a replication slot, by PostgreSQL's archiver, or both ways at once. */
  archiving: z.enum(['streaming', 'archive_command', 'both']),
  backupMethod: z.enum(['postgres', 'rsync']),
  /** How Barman compresses WAL in its archive. */
  walCompression: z.enum(['none', 'gzip', 'bzip2', 'xz', 'zstd', 'lz4']),
  /** The machine's own Barman, or that of Debian 13, unpacked beside it where the machine's is another. */
  barman: z.enum(['system', '3.13']),
});
export type Protection = z.infer<typeof Protection>;

export type WalCompression = Protection['walCompression'];

const DEFAULTS: Protection = {
  archiving: 'streaming',
  backupMethod: 'postgres',
  walCompression: 'none',
  barman: 'system',
};

/** What was asked for, completed with what a lab has always been. */
export function protectionOf(asked: Partial<Protection>): Protection {
  const { archiving, backupMethod, walCompression, barman } = asked;
  return Protection.parse({
    archiving: archiving ?? DEFAULTS.archiving,
    backupMethod: backupMethod ?? DEFAULTS.backupMethod,
    walCompression: walCompression ?? DEFAULTS.walCompression,
    barman: barman ?? DEFAULTS.barman,
  });
}

/** Whether PostgreSQL's archiver hands WAL to Barman. */
export function archives(protection: Protection): boolean {
  return protection.archiving !== 'streaming';
}

/** Whether Barman streams WAL through its slot. */
export function streams(protection: Protection): boolean {
  return protection.archiving !== 'archive_command';
}

/** Whether one of the lab's users must reach the other over ssh, as on two hosts. */
export function needsSsh(protection: Protection): boolean {
  return archives(protection) || protection.backupMethod === 'rsync';
}
