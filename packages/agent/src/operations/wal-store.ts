import { historyNamePattern } from '@barback/shared/postgres/timeline.ts';
import { parseSegmentName, segmentNamePattern } from '@barback/shared/postgres/segment.ts';
import { identityOf, listDirectory } from '../system/directory-tree.ts';
import { listRarelyChanging } from '../system/cached-listing.ts';
import { fullestFile } from './fullest-file.ts';
import { keptDirectories } from './kept-wal.ts';

/** Where Barman keeps a segment: for good, on its way there, set aside by a restore of live, or as far as it is written. */
export type WalPlace = 'archived' | 'waiting' | 'kept' | 'partial';

/** One file that holds a WAL segment. */
export interface StoredSegment {
  readonly name: string;
  readonly file: string;
  readonly place: WalPlace;
}

/** A file that is named like a segment and cannot be one. */
export interface OddFile {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
}

/** What Barman holds of a server's WAL, by segment name; a complete file wins over a partial one, and of those the fullest. */
export interface WalStore {
  readonly segments: ReadonlyMap<string, StoredSegment>;
  /** File of each history, by timeline. */
  readonly histories: ReadonlyMap<number, string>;
  readonly odd: readonly OddFile[];
}

export interface WalDirectories {
  /** `wals/`: `<16 hex>/<24 hex>`, histories, and `.partial` of timelines that ended (archive_command). */
  readonly wals: string;
  /** `incoming/`: what archive_command has delivered. */
  readonly incoming: string;
  /** `streaming/`: what pg_receivewal writes, `.partial` included. */
  readonly streaming: string;
  /** `kept-wal/`: what restores of live set aside, a directory for each plan. */
  readonly kept: string;
}

interface Partial {
  readonly file: string;
  readonly isKept: boolean;
}

interface Found {
  readonly segments: Map<string, StoredSegment>;
  /** Files of each segment that may not be whole. */
  readonly partials: Map<string, Partial[]>;
  readonly kept: Map<string, string>;
  readonly histories: Map<number, string>;
  readonly odd: OddFile[];
}

/**
 * Lists Barman's WAL. `streaming/` and `incoming/` are read before `wals/` and before what was set aside: files move in these
 * directions, so one that moves meanwhile is seen at least once.
 */
export async function listWal(directories: WalDirectories, segmentBytes: number): Promise<WalStore> {
  const found: Found = { segments: new Map(), partials: new Map(), kept: new Map(), histories: new Map(), odd: [] };
  for (const directory of [directories.streaming, directories.incoming]) {
    for (const name of await listDirectory(directory)) await addArrived(found, directory, name, segmentBytes);
  }
  for (const directory of await keptDirectories(directories.kept)) {
    for (const name of await listDirectory(directory)) await addKept(found, directory, name, segmentBytes);
  }
  const { wals } = directories;
  for (const name of await listDirectory(wals)) {
    addHistory(found, wals, name);
    if (!/^[0-9A-F]{16}$/.test(name)) continue;
    for (const segment of await listRarelyChanging(`${wals}/${name}`)) {
      if (segment.endsWith('.partial')) await addArrived(found, `${wals}/${name}`, segment, segmentBytes);
      else if (parseSegmentName(segment, segmentBytes)) {
        found.segments.set(segment, { name: segment, file: `${wals}/${name}/${segment}`, place: 'archived' });
      }
    }
  }
  await addLastResorts(found, segmentBytes);
  return found;
}

/** A file that was just delivered: a copy may still be under way, and `receive-wal --reset` leaves one of 0 bytes. */
async function addArrived(found: Found, directory: string, name: string, segmentBytes: number): Promise<void> {
  addHistory(found, directory, name);
  const plain = name.replace(/\.partial$/, '');
  if (!segmentNamePattern.test(plain)) return;
  const file = `${directory}/${name}`;
  const bytes = (await identityOf(file))?.size;
  if (bytes === undefined) return;
  // A `.partial` that is not one whole segment makes PostgreSQL stop (xlogarchive.c).
  if (bytes !== segmentBytes) found.odd.push({ name, file, bytes });
  else if (plain !== name) addPartial(found, plain, { file, isKept: false });
  else if (!found.segments.has(name)) found.segments.set(name, { name, file, place: 'waiting' });
}

/** What was set aside is not told of when it is odd: nothing more comes of it, and nobody has to do anything. */
async function addKept(found: Found, directory: string, name: string, segmentBytes: number): Promise<void> {
  addHistory(found, directory, name);
  const plain = name.replace(/\.partial$/, '');
  const file = `${directory}/${name}`;
  if (!segmentNamePattern.test(plain) || (await identityOf(file))?.size !== segmentBytes) return;
  if (plain === name) found.kept.set(name, file);
  else addPartial(found, plain, { file, isKept: true });
}

function addPartial({ partials }: Found, name: string, partial: Partial): void {
  partials.set(name, [...(partials.get(name) ?? []), partial]);
}

async function addLastResorts({ segments, partials, kept }: Found, segmentBytes: number): Promise<void> {
  const isObsolete = obsoleteBefore(segments, segmentBytes);
  for (const [name, file] of kept) {
    if (!segments.has(name) && !isObsolete(name)) segments.set(name, { name, file, place: 'kept' });
  }
  for (const [name, all] of partials) {
    if (segments.has(name)) continue;
    const files = all.filter(({ isKept }) => !isKept || !isObsolete(name)).map(({ file }) => file);
    const file = await fullestFile(files, name, segmentBytes);
    if (file !== undefined) segments.set(name, { name, file, place: 'partial' });
  }
}

/** What is older than everything in `wals/`: Barman's retention has deleted what leads there, and it is no hole. */
function obsoleteBefore(segments: Found['segments'], segmentBytes: number): (name: string) => boolean {
  let oldest: bigint | undefined;
  const numberOf = (name: string): bigint | undefined => parseSegmentName(name, segmentBytes)?.number;
  for (const { name, place } of segments.values()) {
    const number = place === 'archived' ? numberOf(name) : undefined;
    if (number !== undefined && (oldest === undefined || number < oldest)) oldest = number;
  }
  return (name) => {
    const number = numberOf(name);
    return number === undefined || (oldest !== undefined && number < oldest);
  };
}

function addHistory(found: Found, directory: string, name: string): void {
  const timeline = historyNamePattern.exec(name)?.[1];
  if (timeline) found.histories.set(Number.parseInt(timeline, 16), `${directory}/${name}`);
}
