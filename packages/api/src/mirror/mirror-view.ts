import { formatInstant, parseInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import { operations } from '@barback/shared/operations/index.ts';
import { and, desc, eq, inArray } from 'drizzle-orm';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Reader } from '../db/database.ts';
import { runs } from '../db/schema.ts';
import { loadPlan } from '../engine/load-run.ts';
import type { MirrorResult } from '../scenarios/small-results.ts';
import { loadWindow } from '../wal-index/load-window.ts';
import { walIndexReader } from '../wal-index/wal-index-reader.ts';
import { loadWal } from '../wal-index/wal-store.ts';

const instant = z.string().meta({ description: 'RFC 3339 UTC', example: '2026-11-22T12:00:00.123456Z' });
const commit = z.strictObject({ xid: z.int(), lsn: z.string(), time: instant });

export const mirrorViewSchema = z
  .strictObject({
    server: z.string(),
    /** The newest run that brought it up to date; null: it never was. */
    current: z
      .strictObject({
        run: z.string(),
        at: instant,
        ageSeconds: z.number(),
        destination: z.string(),
        /** It holds every commit up to this one, and perhaps more; null when none was known. */
        newestCommit: commit.nullable(),
        liveTimeline: z.int().nullable(),
        backups: z.array(z.string()),
        files: z.int(),
        bytes: z.int(),
        bytesSent: z.int(),
        seconds: z.number(),
      })
      .nullable(),
    /** What a disaster would lose now if only the mirror were left; null while that is not known. */
    lostNow: z.strictObject({ commits: z.int().nullable(), seconds: z.number().nullable() }).nullable(),
    /** What a new host needs besides, as the newest run has left it; null: never. */
    vault: operations['mirror-vault'].result
      .omit({ isNew: true, seconds: true })
      .extend({ run: z.string(), at: instant })
      .nullable(),
    lastCheck: operations['mirror-check'].result.extend({ run: z.string(), at: instant }).nullable(),
    /** Why the newest run did not succeed; null when it did. */
    problem: z.strictObject({ run: z.string(), at: instant, detail: z.string() }).nullable(),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Mirror' });

export type MirrorView = z.infer<typeof mirrorViewSchema>;

type MirrorRecord = Pick<MirrorView, 'current' | 'vault' | 'lastCheck' | 'problem'>;

/** What the runs of the mirror have left; nothing is asked of the index. */
export function mirrorRecord(reader: Reader, server: string, now: Micros): MirrorRecord {
  const past = pastMirrors(reader, server);
  const good = past.find(({ row, result }) => row.state === 'succeeded' && result.push !== null);
  const checked = past.find(({ result }) => result.check !== null);
  const vaulted = past.find(({ result }) => result.vault);
  const [newest] = past;
  const failed = newest && newest.row.state === 'failed' ? newest.row : null;
  return {
    current: good ? currentOf(reader, good, now) : null,
    vault: vaulted?.result.vault ? vaultOf(vaulted.result.vault, vaulted.row) : null,
    lastCheck: checked?.result.check
      ? { ...checked.result.check, damaged: [...checked.result.check.damaged], ...ended(checked.row) }
      : null,
    problem: failed && {
      ...ended(failed),
      detail: (JSON.parse(failed.problem ?? '{}') as { detail?: string }).detail ?? '',
    },
  };
}

/** The same with what a disaster would lose now: it answers while the host is gone. */
export function mirrorView(reader: Reader, server: string, clock: Clock): MirrorView {
  const record = mirrorRecord(reader, server, clock.now());
  const { current } = record;
  const self = `/v1/servers/${server}`;
  return {
    server,
    ...record,
    lostNow: current && lostNow(reader, server, { current, clock }),
    links: { server: self, window: `${self}/window`, schedules: `/v1/schedules?server=${server}` },
  };
}

type Past = ReturnType<typeof pastMirrors>[number];

/** Newest first; a damaged one has a failed run as well. */
function pastMirrors(reader: Reader, server: string) {
  return reader
    .select()
    .from(runs)
    .where(and(eq(runs.server, server), eq(runs.scenario, 'mirror'), inArray(runs.state, ['succeeded', 'failed'])))
    .orderBy(desc(runs.id))
    .limit(200)
    .all()
    .map((row) => {
      const result =
        row.result === null ? { push: null, vault: null, check: null } : (JSON.parse(row.result) as MirrorResult);
      return { row, result };
    });
}

function ended(row: Past['row']): { readonly run: string; readonly at: string } {
  return { run: row.id, at: formatInstant(row.finishedAt ?? row.createdAt) };
}

function vaultOf(vault: NonNullable<MirrorResult['vault']>, row: Past['row']): MirrorView['vault'] {
  const { version, files, bytes, sealed, leftOut } = vault;
  return { version, files, bytes, sealed, leftOut: [...leftOut], ...ended(row) };
}

function currentOf(reader: Reader, { row, result }: Past, now: Micros): MirrorView['current'] {
  const { document } = loadPlan(reader, row.plan);
  if (document.scenario !== 'mirror' || result.push === null) return null;
  const { destination, backups, files, bytes, bytesSent, seconds } = result.push;
  const ageSeconds = (now - (row.finishedAt ?? row.createdAt)) / 1_000_000;
  const told = { destination, backups: [...backups], files, bytes, bytesSent, seconds };
  return { ...ended(row), ageSeconds, ...document.holds, ...told };
}

/** Commits that the index knows of behind the newest one of the mirror, on live's own history. */
function lostNow(
  reader: Reader,
  server: string,
  { current, clock }: { current: NonNullable<MirrorView['current']>; clock: Clock },
): MirrorView['lostNow'] {
  const { newestCommit, liveTimeline } = current;
  const { rpo } = loadWindow(reader, server, clock);
  const { state } = loadWal(reader, server);
  if (newestCommit === null || rpo.newestCommit === null || state.segmentBytes === 0)
    return { commits: null, seconds: null };
  const at = parseInstant(newestCommit.time);
  const isBehind = lsnToNumber(rpo.newestCommit.lsn) > lsnToNumber(newestCommit.lsn) || rpo.notHeldCommits !== 0;
  const seconds = isBehind && at.ok ? (clock.now() - at.micros) / 1_000_000 : 0;
  if (rpo.notHeldCommits === null || state.liveTimeline === null || state.liveTimeline !== liveTimeline) {
    return { commits: null, seconds };
  }
  // From the segment of that commit on, and all of that one: never fewer than there are.
  const first = Math.floor(lsnToNumber(newestCommit.lsn) / state.segmentBytes);
  const behind = isBehind
    ? walIndexReader(reader, server).commits({ timeline: state.liveTimeline, first, last: null })
    : 0;
  return { commits: behind + rpo.notHeldCommits, seconds };
}
