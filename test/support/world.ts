import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';

/** One line per file: path, inode, mode and SHA-256 (or the link's target). */
export type Manifest = ReadonlyMap<string, string>;

/** What a running, idle cluster rewrites by itself: everything else must stay as it is, bit for bit. */
const volatile = [
  /^pg_wal\//,
  // Shared memory, where the platform keeps it as a file.
  /^pg_dynshmem\//,
  /^pg_stat_tmp\//,
  /^pg_stat\//,
  /^postmaster\.(pid|opts)$/,
  /^global\/pg_(control|internal\.init)$/,
  /(^|\/)pg_internal\.init$/,
  /^pg_replslot\//,
  /^pg_logical\//,
  // Commit status, subtransactions and transaction bookkeeping move with checkpoints.
  /^pg_(xact|subtrans|multixact|notify|serial|snapshots|commit_ts)\//,
];

async function manifestOf(root: string, ignore: readonly RegExp[] = []): Promise<Manifest> {
  const lines = new Map<string, string>();
  await walk(root, '', lines, ignore);
  return lines;
}

/** Everything that a drill must leave as it was: live data, tablespace, slots, archive, timeline, kept backups. */
export async function worldOf(lab: Lab): Promise<Record<string, unknown>> {
  const slots = await sql(lab.postgres, 'SELECT slot_name, slot_type, active FROM pg_replication_slots ORDER BY 1');
  const timeline = await sql(lab.postgres, 'SELECT timeline_id, pg_is_in_recovery() FROM pg_control_checkpoint()');
  return {
    data: Object.fromEntries(await manifestOf(lab.postgres.dataDir, volatile)),
    tablespace: lab.postgres.tablespaceDir ? Object.fromEntries(await manifestOf(lab.postgres.tablespaceDir)) : null,
    slots,
    timeline,
    archive: Object.fromEntries(await manifestOf(path.join(lab.barman.home, lab.server, 'wals'))),
    backups: Object.fromEntries(await manifestOf(path.join(lab.barman.home, lab.server, 'base'))),
  };
}

async function walk(
  root: string,
  relative: string,
  lines: Map<string, string>,
  ignore: readonly RegExp[],
): Promise<void> {
  for (const name of (await readdir(path.join(root, relative))).toSorted()) {
    const inner = relative === '' ? name : `${relative}/${name}`;
    if (ignore.some((pattern) => pattern.test(inner))) continue;
    const file = path.join(root, inner);
    const info = await lstat(file);
    const identity = `${info.ino} ${(info.mode & 0o7777).toString(8)}`;
    if (info.isDirectory()) {
      lines.set(`${inner}/`, identity);
      await walk(root, inner, lines, ignore);
    } else if (info.isSymbolicLink()) {
      lines.set(inner, `${identity} -> ${await readlink(file)}`);
    } else {
      lines.set(
        inner,
        `${identity} ${createHash('sha256')
          .update(await readFile(file))
          .digest('hex')}`,
      );
    }
  }
}
