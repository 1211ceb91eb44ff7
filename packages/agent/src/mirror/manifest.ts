import { z } from 'zod';

const commitSchema = z.strictObject({ xid: z.int(), lsn: z.string(), time: z.string() });

const manifestSchema = z.strictObject({
  format: z.literal(1),
  server: z.string(),
  barmanServer: z.string(),
  /** RFC 3339 UTC. */
  at: z.string(),
  liveTimeline: z.int().nullable(),
  /** The mirror holds every commit up to this one. */
  newestCommit: commitSchema.nullable(),
  backups: z.array(
    z.strictObject({
      id: z.string(),
      timeline: z.int().nullable(),
      beginWal: z.string().nullable(),
      endWal: z.string().nullable(),
      endLsn: z.string().nullable(),
      systemIdentifier: z.string().nullable(),
    }),
  ),
  /** Of everything that is final: name below the mirror, bytes, SHA-256. */
  files: z.array(z.tuple([z.string(), z.int(), z.string()])),
});

/** What a box is told about itself, so that whoever has nothing else knows what it holds. */
export type MirrorManifest = z.infer<typeof manifestSchema>;

export const manifestName = 'barback-mirror.json';

/** Undefined when it is none, or one of a later format. */
export function parseManifest(text: string): MirrorManifest | undefined {
  try {
    const parsed = manifestSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** What a restore of a backup to the end needs: its files, and the WAL from its begin on, of whatever timeline. Pure. */
export function neededFiles(manifest: MirrorManifest, backupId: string): readonly string[] | undefined {
  const backup = manifest.backups.find(({ id }) => id === backupId);
  if (!backup?.beginWal) return undefined;
  const begin = backup.beginWal.slice(8);
  return manifest.files
    .map(([name]) => name)
    .filter((name) => {
      if (name.startsWith('base/')) return name.startsWith(`base/${backupId}/`);
      const segment = /\/([0-9A-F]{24})(\.partial)?$/.exec(name)?.[1];
      // Names sort by number behind the timeline, and histories are small.
      return segment === undefined ? name.endsWith('.history') : segment.slice(8) >= begin;
    });
}

/** Whether a box holds backups of a cluster that none of these backups is of; what does not say is no proof. Pure. */
export function isOfAnother(
  { backups }: Pick<MirrorManifest, 'backups'>,
  ours: readonly { readonly systemIdentifier: string | null }[],
): boolean {
  if (backups.length === 0) return false;
  if (ours.length === 0) return true;
  const [there, here] = [backups, ours].map((all) => new Set(all.flatMap((one) => one.systemIdentifier ?? [])));
  if (there === undefined || here === undefined || there.size === 0 || here.size === 0) return false;
  return [...there].every((one) => !here.has(one));
}

/** In a fetched directory: what Barback needs there besides. */
export const workName = '.barback';

/**
 * Barman's configuration over fetched files: it reads them and connects to nothing. `archiver` because a server without any way for
 * WAL to come is disabled (3.4.0, server.py). Pure.
 */
export function mirrorHomeConfiguration(parts: {
  /** With `base` and `wals` in it. */
  readonly directory: string;
  readonly server: string;
  readonly user: string | null;
}): string {
  const { directory, server, user } = parts;
  const work = `${directory}/${workName}`;
  return [
    '[barman]',
    `barman_home = ${work}`,
    ...(user === null ? [] : [`barman_user = ${user}`]),
    `log_file = ${work}/barman.log`,
    'log_level = INFO',
    '',
    `[${server}]`,
    'description = fetched from the mirror',
    `backup_directory = ${directory}`,
    'conninfo = host=/nonexistent dbname=postgres connect_timeout=1',
    'backup_method = postgres',
    'streaming_conninfo = host=/nonexistent connect_timeout=1',
    'archiver = on',
    '',
  ].join('\n');
}

/** What the restore of a backup to the end takes of the box; undefined when it is not held. Pure. */
export function neededBytes(manifest: MirrorManifest, backupId: string): number | undefined {
  const names = neededFiles(manifest, backupId);
  if (names === undefined) return undefined;
  const wanted = new Set(names);
  return manifest.files.reduce((sum, [name, bytes]) => (wanted.has(name) ? sum + bytes : sum), 0);
}
