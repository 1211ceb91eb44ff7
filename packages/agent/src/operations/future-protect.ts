import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { operations, type Result } from '@barback/shared/operations/index.ts';
import { parseSegmentName } from '@barback/shared/postgres/segment.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { archiveWalArguments } from '../barman/argv.ts';
import { markerSql, restorePointSql, switchWalSql } from '../postgres/slot-sql.ts';
import { monotonicMs } from '../system/clock.ts';
import { kindOf } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { askIfAnswering } from './ask-live.ts';
import { requirePlan } from './backup-lease.ts';
import { serverProcess } from './copy-process.ts';
import { askJson, liveServer } from './copy-sql.ts';
import type { Call, Handler, Host } from './handler.ts';
import { copyUnheld, findUnheldOfLive, keepReceived, keptWalOf } from './keep-wal.ts';
import { keptWalPlace } from './kept-wal.ts';
import { readProtection, type Protection } from './protection.ts';
import { tryBarmanCommand } from './run-barman.ts';
import { scratchPlace } from './scratch-place.ts';
import { placesOf, writeWalPlaces } from './wal-places.ts';

type Closed = Pick<Result<'future-protect'>, 'restorePoint' | 'lsn' | 'timeline'> & { readonly segment: string };

const arrivalMs = 60_000;
const archiveLimitMs = 5 * 60_000;

export const futureProtect: Handler<'future-protect'> = {
  async perform(host, _params, call) {
    const plan = requirePlan(call);
    const protection = await readProtection(host, call);
    const places = placesOf(protection);
    await writeWalPlaces(host, plan, places);
    const closed = await closeSegment(host, plan, protection.segmentBytes, call);
    const archived = closed !== null && (await isArchivedInTime(host, protection, closed.segment, call));
    const work = { host, plan, places, call };
    const { freeBytesFloor } = host.server.scratch;
    await copyUnheld(work, await findUnheldOfLive(work, freeBytesFloor), true);
    if (!closed) await keepReceived(work, freeBytesFloor);
    const kept = await keptWalOf(keptWalPlace(places, plan));
    const result = { ...(closed ?? nothingClosed), archived, kept };
    await writeAtomic(resultFile(host, plan), JSON.stringify(result));
    return result;
  },

  /** What a try has left half-done, another one only adds to. */
  async observe(host, _params, call) {
    const text = await readIfExists(resultFile(host, requirePlan(call)));
    if (text === undefined) return { is: 'absent' };
    return { is: 'complete', result: operations['future-protect'].result.parse(JSON.parse(text)) };
  },
};

const nothingClosed = { restorePoint: null, lsn: null, timeline: null, segment: null };

/** Null while live does not answer: then what its files hold is all there will be. */
async function closeSegment(host: Host, plan: string, segmentBytes: number, call: Call): Promise<Closed | null> {
  if (!(await serverProcess(host.server.postgres.dataDirectory))) return null;
  const lsnSchema = z.strictObject({ lsn: z.string() });
  if (!(await askIfAnswering(host, { sql: markerSql }, lsnSchema, call))) return null;
  const restorePoint = `barback_${plan.slice(-8)}`;
  const { lsn } = await askJson(liveServer(host), restorePointSql(restorePoint), lsnSchema, call.signal);
  const schema = z.strictObject({ segment: z.string() });
  const { segment } = await askJson(liveServer(host), switchWalSql, schema, call.signal);
  // pg_receivewal closes a file when the first record of the next one arrives.
  await askJson(liveServer(host), markerSql, lsnSchema, call.signal);
  const timeline = parseSegmentName(segment, segmentBytes)?.timeline;
  if (timeline === undefined) {
    throw new ProblemError('postgres-failed', `cannot read the name of live's WAL segment ${segment}`);
  }
  return { restorePoint, lsn, timeline, segment };
}

/** Barman's errors are no failure here: what it does not archive is copied. */
async function isArchivedInTime(
  host: Host,
  { wal, version }: Protection,
  segment: string,
  call: Call,
): Promise<boolean> {
  const archived = path.join(wal.wals, segment.slice(0, 16), segment);
  const command = { args: archiveWalArguments(host.server.barman.server), timeoutMs: archiveLimitMs };
  for (const deadline = monotonicMs() + arrivalMs; monotonicMs() < deadline; ) {
    const { errors } = await tryBarmanCommand(host.server, command, version, call.signal);
    if (errors.length > 0) call.log('barman archive-wal failed', { errors: [...errors] });
    if ((await kindOf(archived)) === 'file') return true;
    await sleep(500, undefined, { signal: call.signal });
  }
  call.log('Barman has not archived the segment in time', { segment });
  return false;
}

function resultFile(host: Host, plan: string): string {
  return path.join(scratchPlace(host, plan).records, 'future.json');
}
