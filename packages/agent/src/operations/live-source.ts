import path from 'node:path';
import { parseHistory, historyName, type TimelineHistory } from '@barback/shared/postgres/timeline.ts';
import { segmentNamePattern } from '@barback/shared/postgres/segment.ts';
import { listDirectory } from '../system/directory-tree.ts';
import { readIfExists } from '../system/files.ts';
import { barmanPlaces } from './barman-places.ts';
import type { Call, Host } from './handler.ts';
import type { WalSource } from './read-wal.ts';

/** Live's own pg_wal, read as its user: what Barman has not got yet. Its files may be recycled while they are read. */
export async function liveSource(host: Host, timeline: number, call: Call): Promise<WalSource> {
  const directory = path.join(host.server.postgres.dataDirectory, 'pg_wal');
  const { segmentBytes } = await barmanPlaces(host, call.signal);
  const names = new Set((await listDirectory(directory)).filter((name) => segmentNamePattern.test(name)));
  return {
    user: host.server.postgres.user ?? null,
    segmentBytes,
    history: await historyOf(directory, timeline),
    find: (name) => (names.has(name) ? { file: path.join(directory, name), mayEnd: true } : undefined),
  };
}

async function historyOf(directory: string, timeline: number): Promise<TimelineHistory> {
  const text = await readIfExists(path.join(directory, historyName(timeline)));
  return text === undefined ? { timeline, ancestors: [] } : parseHistory(timeline, text);
}
