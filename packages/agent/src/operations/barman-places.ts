import path from 'node:path';
import { defaultSegmentBytes } from '@barback/shared/postgres/segment.ts';
import type { Diagnosis } from '../barman/diagnose.ts';
import { monotonicMs } from '../system/clock.ts';
import type { Host } from './handler.ts';
import { diagnose, requireBarman } from './run-barman.ts';
import type { WalDirectories } from './wal-store.ts';

/** Where Barman keeps things of one server, and how large its segments are. */
export interface BarmanPlaces {
  readonly wal: WalDirectories;
  /** Directories with one entry for each backup: data and, up to 3.12, its backup.info; since 3.13 that lies in the second. */
  readonly catalogue: { readonly base: string; readonly meta: string };
  readonly home: string;
  readonly segmentBytes: number;
}

export function walDirectories({ config }: Diagnosis): WalDirectories {
  return {
    wals: config.wals_directory,
    incoming: config.incoming_wals_directory,
    streaming: config.streaming_wals_directory,
    kept: path.join(config.backup_directory, 'kept-wal'),
  };
}

/** All backups of one cluster agree; without any, the size that initdb chooses. */
export function segmentBytesOf(diagnosis: Diagnosis): number {
  const known = Object.values(diagnosis.backups).find((one) => typeof one.xlog_segment_size === 'number');
  return known?.xlog_segment_size ?? defaultSegmentBytes;
}

/** Barman's configuration is read anew after this time: two starts of Python cost more than everything else of a look at WAL. */
const rememberMs = 10 * 60_000;

const remembered = new Map<string, { readonly at: number; readonly places: BarmanPlaces }>();

/** The places as Barman said in the last ten minutes. */
export async function barmanPlaces(host: Host, signal: AbortSignal): Promise<BarmanPlaces> {
  const key = JSON.stringify([host.serverName, host.server.barman]);
  const known = remembered.get(key);
  if (known && monotonicMs() - known.at < rememberMs) return known.places;
  const version = await requireBarman(host.server, signal);
  const diagnosis = await diagnose(host.server, version, signal);
  const places: BarmanPlaces = {
    wal: walDirectories(diagnosis),
    catalogue: {
      base: diagnosis.config.basebackups_directory,
      meta: path.join(diagnosis.config.backup_directory, 'meta'),
    },
    home: diagnosis.config.barman_home,
    segmentBytes: segmentBytesOf(diagnosis),
  };
  // Only a backup tells how large segments are.
  if (Object.keys(diagnosis.backups).length > 0) remembered.set(key, { at: monotonicMs(), places });
  return places;
}
