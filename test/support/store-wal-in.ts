import { open, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { compressionOf } from '@barback/agent/postgres/wal-compression.ts';
import { archiveWal } from '../lab/barman-backup.ts';
import { parseBarmanRelease } from '../lab/barman-release.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import type { WalCompression } from '../lab/protection.ts';
import { sql } from '../lab/psql.ts';
import { compressionLines } from '../lab/wal-compression.ts';

/** Makes Barman archive WAL in a format from now on, and commits a row with that name whose segment is stored so. */
export async function storeWalIn(lab: Lab, format: WalCompression): Promise<void> {
  await configure(lab, format);
  // A cron that read the earlier configuration may still take one.
  await poll(`a WAL segment in ${format}`, 120_000, async () => {
    await sql(lab.postgres, `INSERT INTO orders (customer, amount) VALUES ('${format}', 1)`);
    const segment = (await sql(lab.postgres, 'SELECT pg_walfile_name(pg_current_wal_lsn())')).trim();
    await archiveWal(lab);
    return (await storedFormat(lab, segment)) === format ? true : undefined;
  });
}

/** The format that the archive holds a segment in. */
export async function storedFormat(lab: Lab, segment: string): Promise<WalCompression> {
  const file = await open(path.join(lab.barman.home, lab.server, 'wals', segment.slice(0, 16), segment));
  try {
    const { buffer } = await file.read(Buffer.alloc(8), 0, 8, 0);
    return compressionOf(buffer) ?? 'none';
  } finally {
    await file.close();
  }
}

async function configure(lab: Lab, format: WalCompression): Promise<void> {
  const { configFile, version } = lab.barman;
  const text = await readFile(configFile, 'utf8');
  const lines = text.split('\n').filter((line) => line !== '' && !/^(custom_)?(de)?compression/.test(line));
  lines.push(...compressionLines(format, parseBarmanRelease(version)));
  // In one step: cron reads it at any moment.
  await writeFile(`${configFile}.new`, `${lines.join('\n')}\n`, { mode: 0o644 });
  await rename(`${configFile}.new`, configFile);
}
