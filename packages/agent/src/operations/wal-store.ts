import { parseHistory, historyNamePattern, type TimelineHistory } from '@barback/shared/postgres/timeline.ts';
import { parseSegmentName, segmentNamePattern } from '@barback/shared/postgres/segment.ts';
import { identityOf, listDirectory } from '../system/directory-tree.ts';
import { readIfExists } from '../system/files.ts';

/** One file that holds a WAL segment. */
export interface StoredSegment {
  readonly name: string;
  readonly file: string;
  readonly partial: boolean;
}

/** What Barman holds of a server's WAL, by segment name; a complete file wins over a partial one. */
export interface WalStore {
  readonly segments: ReadonlyMap<string, StoredSegment>;
  /** File of each history, by timeline. */
  readonly histories: ReadonlyMap<number, string>;
}

export interface WalDirectories {
  /** `wals/`: `<16 hex>/<24 hex>` and histories. */
  readonly wals: string;
  /** `streaming/`: what pg_receivewal writes, `.partial` included. */
  readonly streaming: string;
}

/**
 * Lists Barman's WAL. `streaming/` is read before `wals/`: archiving moves files in that direction, so one that moves
 * meanwhile is seen at least once.
 */
export async function listWal(directories: WalDirectories, segmentBytes: number): Promise<WalStore> {
  const segments = new Map<string, StoredSegment>();
  const histories = new Map<number, string>();
  const { streaming, wals } = directories;
  for (const name of await listDirectory(streaming)) {
    addHistory(histories, streaming, name);
    const plain = name.replace(/\.partial$/, '');
    if (!segmentNamePattern.test(plain)) continue;
    const file = `${streaming}/${name}`;
    const partial = plain !== name;
    // A `.partial` that is not one whole segment makes PostgreSQL stop; `receive-wal --reset` leaves one of 0 bytes.
    if ((await identityOf(file))?.size !== segmentBytes) continue;
    if (partial && segments.has(plain)) continue;
    segments.set(plain, { name: plain, file, partial });
  }
  for (const name of await listDirectory(wals)) {
    addHistory(histories, wals, name);
    if (!/^[0-9A-F]{16}$/.test(name)) continue;
    for (const segment of await listDirectory(`${wals}/${name}`)) {
      if (!parseSegmentName(segment, segmentBytes)) continue;
      segments.set(segment, { name: segment, file: `${wals}/${name}/${segment}`, partial: false });
    }
  }
  return { segments, histories };
}

function addHistory(histories: Map<number, string>, directory: string, name: string): void {
  const timeline = historyNamePattern.exec(name)?.[1];
  if (timeline) histories.set(Number.parseInt(timeline, 16), `${directory}/${name}`);
}

/** Every readable history, by timeline. */
export async function readHistories(store: WalStore): Promise<TimelineHistory[]> {
  const found: TimelineHistory[] = [];
  for (const [timeline, file] of store.histories) {
    const text = await readIfExists(file);
    if (text !== undefined) found.push(parseHistory(timeline, text));
  }
  return found.toSorted((one, other) => one.timeline - other.timeline);
}
