import { and, eq, sql } from 'drizzle-orm';
import type { Clock } from '../clock.ts';
import type { Reader } from '../db/database.ts';
import { walSegments } from '../db/wal-schema.ts';
import { pictureOf } from '../window/wal-picture.ts';
import type { WindowView } from '../window/window-schema.ts';
import { windowView } from '../window/window-view.ts';
import { walIndexReader } from './wal-index-reader.ts';
import { loadGivenUp } from './load-given-up.ts';
import { loadWal } from './wal-store.ts';

/** The window of a server, from the database alone. */
export function loadWindow(reader: Reader, server: string, clock: Clock): WindowView {
  const known = loadWal(reader, server);
  return windowView({
    server,
    known,
    picture: pictureOf(known.state, known.backups),
    index: walIndexReader(reader, server),
    liveCommits: commitsOfLive(reader, server),
    givenUp: loadGivenUp(reader, server),
    now: clock.now(),
  });
}

function commitsOfLive(reader: Reader, server: string): number {
  const sum = sql<number>`coalesce(sum(${walSegments.commits}), 0)`;
  const isLive = and(eq(walSegments.server, server), eq(walSegments.held, 'live'));
  return reader.select({ sum }).from(walSegments).where(isLive).get()?.sum ?? 0;
}
