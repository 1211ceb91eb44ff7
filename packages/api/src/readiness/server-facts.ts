import { parseInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import type { Clock } from '../clock.ts';
import type { Reader } from '../db/database.ts';
import { mirrorRecord } from '../mirror/mirror-view.ts';
import { earlierRuns } from '../planner/earlier-runs.ts';
import type { Server } from '../servers/server-store.ts';
import { loadWindow } from '../wal-index/load-window.ts';
import { loadWal } from '../wal-index/wal-store.ts';
import { pictureOf } from '../window/wal-picture.ts';
import { drillHistory } from './drill-history.ts';
import type { ServerFacts } from './judge-server.ts';
import { restoreNow } from './restore-now.ts';

/** Cancelled drills prove nothing and accuse nobody. */
const drillsRead = 20;

export function serverFacts(reader: Reader, server: Server, clock: Clock): ServerFacts {
  const { name, settings, createdAt } = server;
  const known = loadWal(reader, name);
  const { rpo } = loadWindow(reader, name, clock);
  const picture = pictureOf(known.state, known.backups);
  const drills = drillHistory(reader, name, drillsRead).filter((one) => one.state !== 'cancelled');
  const good = drills.find((one) => one.state === 'succeeded');
  const [lastDrill = null] = drills;
  return {
    server: name,
    now: clock.now(),
    settings,
    createdAt,
    rpo,
    liveAnswers: known.state.live !== null,
    observedAt: known.observedAt,
    lookProblem: known.problem?.detail ?? null,
    newestBackupAt: picture.usable[0]?.endTime ?? null,
    lastDrill,
    lastGoodDrill: good ? { at: micros(good.finishedAt), rtoSeconds: good.rtoSeconds } : null,
    mirror: mirrorOf(reader, name, clock),
    restore: restoreNow(picture, earlierRuns(reader, name, 'drill').measures),
  };
}

function mirrorOf(reader: Reader, server: string, clock: Clock): ServerFacts['mirror'] {
  const { current, problem } = mirrorRecord(reader, server, clock.now());
  return { at: current === null ? null : micros(current.at), problem: problem?.detail ?? null };
}

function micros(text: string): Micros {
  const parsed = parseInstant(text);
  if (!parsed.ok) throw new Error(`cannot read the instant ${text}`);
  return parsed.micros;
}
