import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Result } from '@barback/shared/operations/index.ts';
import { changedFilesMax } from '@barback/shared/operations/wal-facts.ts';
import { parseSegmentName } from '@barback/shared/postgres/segment.ts';
import { nowMicros } from '../system/clock.ts';
import { identityOf, listDirectory, type FileIdentity } from '../system/directory-tree.ts';
import { barmanPlaces, type BarmanPlaces } from './barman-places.ts';
import type { Handler } from './handler.ts';
import { livePosition } from './live-position.ts';
import { listWal, type WalStore } from './wal-store.ts';
import { readHistories } from './read-histories.ts';

type WalFacts = Result<'wal-facts'>;

const oddFilesMax = 100;

export const walFacts: Handler<'wal-facts'> = {
  async perform(host, params, call) {
    const time = nowMicros();
    const places = await barmanPlaces(host, call.signal);
    const { segmentBytes } = places;
    const [store, live] = await Promise.all([listWal(places.wal, segmentBytes), livePosition(host, call)]);
    const { histories, unreadable } = await readHistories(store, host.server.barman.user ?? null);
    return {
      time,
      segmentBytes,
      histories: histories.map((one) => ({
        timeline: one.timeline,
        ancestors: one.ancestors.map((each) => ({ ...each })),
      })),
      unreadableHistories: unreadable.map((one) => ({ ...one })),
      runs: runsOf(store, segmentBytes),
      oddFiles: store.odd.slice(0, oddFilesMax).map(({ file, bytes }) => ({ file, bytes })),
      partialFiles: await partialFiles(store),
      changed: params.changedSince === null ? null : await changedFiles(store, params.changedSince),
      catalogue: await catalogueMark(places.catalogue),
      live,
    };
  },
};

/** Unbroken runs of segments per timeline and place, in order. */
function runsOf(store: Pick<WalStore, 'segments'>, segmentBytes: number): WalFacts['runs'] {
  const runs: WalFacts['runs'] = [];
  let expected = { timeline: 0, number: -1n };
  for (const name of [...store.segments.keys()].toSorted()) {
    const segment = parseSegmentName(name, segmentBytes);
    const place = store.segments.get(name)?.place;
    if (!segment || !place) continue;
    const run = runs.at(-1);
    const continues = segment.timeline === expected.timeline && segment.number === expected.number;
    if (run && continues && run.place === place) run.last = name;
    else runs.push({ timeline: segment.timeline, first: name, last: name, place });
    expected = { timeline: segment.timeline, number: segment.number + 1n };
  }
  return runs;
}

async function partialFiles(store: WalStore): Promise<WalFacts['partialFiles']> {
  const files: WalFacts['partialFiles'] = [];
  for (const { name, file, place } of store.segments.values()) {
    const found = place === 'partial' ? await identityOf(file) : undefined;
    if (found) files.push(fileOf(name, found));
  }
  return files;
}

function fileOf(segment: string, { size: bytes, modifiedAt, inode }: FileIdentity): WalFacts['partialFiles'][number] {
  return { segment, bytes, modifiedAt, inode };
}

/** By the time of the last change that the kernel keeps, which a copy with preserved times does not hide. */
async function changedFiles(store: WalStore, since: number): Promise<NonNullable<WalFacts['changed']>> {
  const changed: NonNullable<WalFacts['changed']> = [];
  for (const { name, file, place } of store.segments.values()) {
    if (place !== 'archived') continue;
    const found = await identityOf(file);
    if (!found || found.changedAt < since) continue;
    changed.push(fileOf(name, found));
    if (changed.length >= changedFilesMax) break;
  }
  return changed;
}

/** A mark of backup.info files: reading the catalogue through Barman starts Python twice. */
async function catalogueMark({ base, meta }: BarmanPlaces['catalogue']): Promise<string> {
  const hash = createHash('sha256');
  const files = [
    ...(await listDirectory(base)).map((name) => path.join(base, name, 'backup.info')),
    ...(await listDirectory(meta)).map((name) => path.join(meta, name)),
  ];
  for (const file of files.toSorted()) {
    const info = await identityOf(file);
    hash.update(`${file} ${info?.inode} ${info?.size} ${info?.changedAt}\n`);
  }
  return hash.digest('hex').slice(0, 32);
}
