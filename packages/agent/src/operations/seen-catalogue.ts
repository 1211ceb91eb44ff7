import path from 'node:path';
import { backupSchema, type Backup } from '@barback/shared/operations/backup.ts';
import { z } from 'zod';
import type { Diagnosis } from '../barman/diagnose.ts';
import { nowMicros } from '../system/clock.ts';
import { ensureDirectory } from '../system/directory-tree.ts';
import { readIfExists, replaceVolatile } from '../system/files.ts';
import type { Host } from './handler.ts';

/** What Barman said of one backup and of itself. */
export interface SeenBackup {
  readonly backup: Backup;
  readonly diagnosis: Diagnosis;
  readonly barmanVersion: string;
}

/**
 * Each of the three questions starts Python, for up to a second: a run that has looked at a backup does not ask again a moment later,
 * with the backup kept from retention meanwhile.
 */
const freshMicros = 120_000_000;

const seenSchema = z.strictObject({
  /** Microseconds since 1970. */
  at: z.int(),
  /** How Barman was asked: another configuration has another answer. */
  asked: z.string(),
  backup: backupSchema,
  // Written by this program as it was parsed, for two minutes.
  diagnosis: z.custom<Diagnosis>((value) => typeof value === 'object' && value !== null),
  barmanVersion: z.string(),
});

export async function writeSeenBackup(host: Host, seen: SeenBackup): Promise<void> {
  const { backup, diagnosis, barmanVersion } = seen;
  const record = { at: nowMicros(), asked: askedOf(host), backup, diagnosis, barmanVersion };
  await ensureDirectory(path.dirname(file(host)));
  await replaceVolatile(file(host), JSON.stringify(record satisfies z.input<typeof seenSchema>));
}

/** Undefined when it was another backup, another Barman, or too long ago. */
export async function readSeenBackup(host: Host, backupId: string): Promise<SeenBackup | undefined> {
  const text = await readIfExists(file(host));
  const parsed = text === undefined ? undefined : seenSchema.safeParse(JSON.parse(text));
  if (!parsed?.success) return undefined;
  const { at, asked, ...seen } = parsed.data;
  const age = nowMicros() - at;
  const isFresh = age >= 0 && age < freshMicros;
  return isFresh && asked === askedOf(host) && seen.backup.id === backupId ? seen : undefined;
}

function askedOf(host: Host): string {
  return JSON.stringify(host.server.barman);
}

function file(host: Host): string {
  return path.join(host.config.stateDirectory, 'seen', `${host.serverName}.json`);
}
