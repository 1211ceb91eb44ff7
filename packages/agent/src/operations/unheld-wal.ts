import path from 'node:path';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import { parseSegmentName, segmentStart } from '@barback/shared/postgres/segment.ts';
import { historyNamePattern } from '@barback/shared/postgres/timeline.ts';
import { isBegun } from '../postgres/segment-reach.ts';
import { identityOf, kindOf, listDirectory } from '../system/directory-tree.ts';
import { openRegular } from '../system/open-file.ts';
import { oldestArchived } from './oldest-archived.ts';
import type { WalPlaces } from './wal-places.ts';

/** A file of live's pg_wal that no place of Barman holds whole. */
export interface UnheldFile {
  readonly source: string;
  /** Its name among the kept WAL: `.partial` where WAL may end in it. */
  readonly name: string;
}

/**
 * What Barman lacks of a directory that PostgreSQL writes WAL to. Only the files themselves are looked for, one by one: an archive
 * of 100,000 segments is not listed while the application waits.
 */
export async function findUnheld(pgWal: string, places: WalPlaces): Promise<UnheldFile[]> {
  const names = await listDirectory(pgWal);
  const oldest = await oldestArchived(places.wal.wals, places.segmentBytes);
  const unheld: string[] = [];
  const newest = new Map<string, string>();
  for (const name of names) {
    const plain = name.replace(/\.partial$/, '');
    const segment = parseSegmentName(plain, places.segmentBytes);
    if (!segment || (oldest !== undefined && segment.number < oldest)) continue;
    const isHeld = await isHeldWhole(places, plain);
    if (!isHeld && !(await holdsItsSegment(path.join(pgWal, name), plain, places.segmentBytes))) continue;
    // Names of one timeline sort by number.
    newest.set(plain.slice(0, 8), plain);
    if (!isHeld) unheld.push(name);
  }
  const histories: UnheldFile[] = [];
  for (const name of names.filter((one) => historyNamePattern.test(one))) {
    if (!(await isHistoryHeld(places, name))) histories.push({ source: path.join(pgWal, name), name });
  }
  return [...unheld.map((name) => keptAs(pgWal, name, newest)), ...histories];
}

/** Something of its timeline follows a whole segment. */
function keptAs(pgWal: string, name: string, newest: ReadonlyMap<string, string>): UnheldFile {
  const isLast = newest.get(name.slice(0, 8)) === name.replace(/\.partial$/, '');
  const isPartial = isLast || name.endsWith('.partial');
  return { source: path.join(pgWal, name), name: isPartial ? `${name.replace(/\.partial$/, '')}.partial` : name };
}

/** As `listWal` judges it: archived, delivered or received as a whole. */
async function isHeldWhole({ wal, segmentBytes }: WalPlaces, segment: string): Promise<boolean> {
  if ((await kindOf(path.join(wal.wals, segment.slice(0, 16), segment))) === 'file') return true;
  for (const directory of [wal.incoming, wal.streaming]) {
    if ((await identityOf(path.join(directory, segment)))?.size === segmentBytes) return true;
  }
  return false;
}

async function isHistoryHeld({ wal }: WalPlaces, name: string): Promise<boolean> {
  for (const directory of [wal.wals, wal.incoming, wal.streaming]) {
    if ((await kindOf(path.join(directory, name))) === 'file') return true;
  }
  return false;
}

/** A file that PostgreSQL keeps for later use does not. */
async function holdsItsSegment(file: string, plain: string, segmentBytes: number): Promise<boolean> {
  const segment = parseSegmentName(plain, segmentBytes);
  const opened = segment && (await openRegular(file));
  if (!segment || !opened) return false;
  try {
    const start = lsnToNumber(segmentStart(segment, segmentBytes));
    return opened.size === segmentBytes && (await isBegun(opened.read, { start, segmentBytes }));
  } finally {
    await opened.close();
  }
}
