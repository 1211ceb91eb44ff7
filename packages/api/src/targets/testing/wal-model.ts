import type { Micros } from '@barback/shared/postgres/instant.ts';

/** Small segments make long histories cheap. */
export const segmentBytes = 1024 * 1024;

/** 2026-11-22T12:00:00Z. */
export const noon = 1_795_348_800_000_000;
const second = 1_000_000;

export type RecordKind = 'commit' | 'abort' | 'restore-point' | 'promotion' | 'other';

/** One record of WAL: what each kind says beside its place. */
export interface ModelRecord {
  readonly kind: RecordKind;
  readonly position: number;
  readonly xid: number;
  readonly time: Micros;
  readonly name: string;
}

export interface ModelTimeline {
  readonly timeline: number;
  readonly parent: number | null;
  /** Where it leaves its parent; 0 for the first. */
  readonly from: number;
  /** Its own ones, in order. */
  readonly records: readonly ModelRecord[];
}

export interface ModelBackup {
  readonly id: string;
  readonly timeline: number;
  readonly begin: number;
  readonly end: number;
  readonly beginTime: Micros;
  readonly endTime: Micros;
}

/** A segment of a timeline that cannot be had. */
export interface LostSegment {
  readonly timeline: number;
  readonly number: number;
  readonly how: 'missing' | 'damaged';
}

/** Everything that was ever written, and what is left of it: told without anything of Barback's. */
export interface WalModel {
  readonly timelines: readonly ModelTimeline[];
  readonly backups: readonly ModelBackup[];
  readonly lost: readonly LostSegment[];
  readonly live: number;
}

export interface RecordRecipe {
  readonly kind: Exclude<RecordKind, 'promotion'>;
  /** From the record before, in units of 8 bytes and in seconds. */
  readonly gap: number;
  readonly advance: number;
  /** Seconds by which the stamp of a commit is off. */
  readonly jitter: number;
  readonly name: string;
}

/** A model by numbers that mean something whatever they are. */
export interface Recipe {
  readonly branches: readonly {
    readonly parent: number;
    readonly forkAt: number;
    readonly records: readonly RecordRecipe[];
  }[];
  readonly backups: readonly { readonly branch: number; readonly from: number; readonly length: number }[];
  readonly lost: readonly {
    readonly branch: number;
    readonly segment: number;
    readonly how: LostSegment['how'];
  }[];
  readonly live: number;
}

interface Growing {
  readonly position: number;
  readonly clock: Micros;
  readonly xid: number;
  readonly before: readonly ModelRecord[];
}

const begin: Growing = { position: segmentBytes + 0x28, clock: noon, xid: 700, before: [] };

export function modelOf(recipe: Recipe): WalModel {
  const timelines: ModelTimeline[] = [];
  for (const [index, { parent, forkAt, records }] of recipe.branches.entries()) {
    const timeline = index + 1;
    const from = index === 0 ? undefined : timelines[parent % index];
    timelines.push(from ? forked(from, { timeline, forkAt, records }) : grown(timeline, null, begin, records));
  }
  const of = (branch: number): ModelTimeline => timelines[branch % timelines.length] as ModelTimeline;
  const backups = recipe.backups.map(({ branch, from, length }, index) => backupOf(of(branch), from, length, index));
  const lost = recipe.lost.flatMap(({ branch, segment, how }) => lostOf(timelines, of(branch), segment, how));
  return { timelines, backups, lost, live: of(recipe.live).timeline };
}

function grown(
  timeline: number,
  parent: number | null,
  start: Growing,
  recipes: readonly RecordRecipe[],
): ModelTimeline {
  let { position, clock, xid } = start;
  const records = [...start.before];
  for (const { kind, gap, advance, jitter, name } of recipes) {
    clock += advance * second;
    records.push({ kind, position, xid, time: clock + jitter * second, name });
    if (kind === 'commit' || kind === 'abort') xid += 1;
    position += 8 * gap;
  }
  return { timeline, parent, from: parent === null ? 0 : start.position - 8, records };
}

/** It begins where a record of its parent begins, or behind the last: with the record of the promotion. */
function forked(
  parent: ModelTimeline,
  { timeline, forkAt, records }: { timeline: number; forkAt: number; records: readonly RecordRecipe[] },
): ModelTimeline {
  const at = 1 + (forkAt % parent.records.length);
  const before = parent.records[at - 1] as ModelRecord;
  const from = parent.records[at]?.position ?? before.position + 64;
  const time = before.time + second;
  const ended = before.kind === 'commit' || before.kind === 'abort';
  const promotion: ModelRecord = { kind: 'promotion', position: from, xid: 0, time, name: '' };
  const start = { position: from + 8, clock: time, xid: before.xid + (ended ? 1 : 0), before: [promotion] };
  return grown(timeline, parent.timeline, start, records);
}

function backupOf(timeline: ModelTimeline, from: number, length: number, index: number): ModelBackup {
  const { records } = timeline;
  const first = records[from % records.length] as ModelRecord;
  const last = records[Math.min(records.length - 1, (from % records.length) + length)] as ModelRecord;
  return {
    id: `20261122T1200${String(index).padStart(2, '0')}`,
    timeline: timeline.timeline,
    begin: first.position,
    end: last.position + 8,
    beginTime: first.time,
    endTime: Math.max(first.time, last.time),
  };
}

export const numberAt = (position: number): number => Math.floor(position / segmentBytes);

/** Segments of a timeline's own files, whether they are left or not. */
export function filesOf({ from, records }: ModelTimeline): { readonly first: number; readonly last: number } {
  const end = records.at(-1)?.position ?? from;
  return { first: Math.max(1, numberAt(from)), last: numberAt(end) };
}

/** Neither the last file of a timeline, which may be absent without being missed, nor one that a branch also begins in. */
function lostOf(
  timelines: readonly ModelTimeline[],
  of: ModelTimeline,
  segment: number,
  how: LostSegment['how'],
): LostSegment[] {
  const { first, last } = filesOf(of);
  if (last === first) return [];
  const number = first + (segment % (last - first));
  const isFork = timelines.some((one) => one.parent === of.timeline && numberAt(one.from) === number);
  return isFork ? [] : [{ timeline: of.timeline, number, how }];
}

export function isLost({ lost }: WalModel, timeline: number, number: number): boolean {
  return lost.some((one) => one.timeline === timeline && one.number === number);
}

export function timelineOf({ timelines }: WalModel, timeline: number): ModelTimeline {
  const found = timelines.find((one) => one.timeline === timeline);
  if (!found) throw new Error(`the model has no timeline ${timeline}`);
  return found;
}

/** From the first timeline to this one. */
export function ancestry(model: WalModel, timeline: number): ModelTimeline[] {
  const own = timelineOf(model, timeline);
  return own.parent === null ? [own] : [...ancestry(model, own.parent), own];
}

/** A record with the timeline that wrote it. */
export interface PlacedRecord extends ModelRecord {
  readonly timeline: number;
}

/** Every record on the way to the end of a timeline, in the order of replay. */
export function recordsOnPath(model: WalModel, timeline: number): PlacedRecord[] {
  const own = timelineOf(model, timeline);
  const before = own.parent === null ? [] : recordsOnPath(model, own.parent).filter((one) => one.position < own.from);
  return [...before, ...own.records.map((one) => ({ ...one, timeline }))];
}

/** What a file holds: the first one of a timeline repeats what its parent wrote in that segment. */
export function recordsInFile(model: WalModel, timeline: number, number: number): PlacedRecord[] {
  return recordsOnPath(model, timeline).filter((one) => numberAt(one.position) === number);
}
