import { reachableSchema, type ReachableView } from '@barback/api/targets/reachable-view.ts';
import { parseInstant } from '@barback/shared/postgres/instant.ts';
import { expect } from 'vitest';
import { request } from '../barback-client.ts';
import { aroundStop, bestBackup, expectedAnswers, type AskedTarget } from './expected-answers.ts';
import { copyByHand } from './hand-made-copy.ts';
import type { HistoryScene, Tick } from './history-scene.ts';
import { queryOf, settingsOf } from './random-targets.ts';
import { formatPosition, parsePosition, type PlacedEnd } from './wal-oracle.ts';

/** Asks Barback. */
export async function askReachable({ lab }: HistoryScene, target: AskedTarget): Promise<ReachableView> {
  const { status, json, text } = await request(lab, 'GET', `/v1/servers/main/reachable?${queryOf(target)}`);
  expect(status, text).toBe(200);
  return reachableSchema.parse(json);
}

/** Compares every part of an answer with WAL as it is. */
export function compareWithOracle(scene: HistoryScene, target: AskedTarget, view: ReachableView): void {
  const expected = expectedAnswers(scene, target);
  const told = view.answers.map(({ stop }) => ({
    timeline: stop.timeline,
    position: parsePosition(stop.lsn),
    inclusive: stop.inclusive,
  }));
  const label = JSON.stringify({ ask: queryOf(target), answer: view });
  expect(told, label).toEqual(expected);
  expect(view.reachable, label).toBe(expected.length === 0 ? 'no' : expected.length === 1 ? 'yes' : 'ambiguous');
  for (const [index, answer] of view.answers.entries()) {
    const stop = expected[index];
    if (!stop) continue;
    const around = aroundStop(scene.oracle, stop, answer.timeline);
    expect([answer.stop.lastKept?.xid, answer.stop.lastKept?.lsn], label).toEqual(namesOf(around.lastKept));
    expect([answer.stop.firstUndone?.xid, answer.stop.firstUndone?.lsn], label).toEqual(namesOf(around.firstUndone));
    expect(answer.backup.id, label).toBe(bestBackup(scene, target, stop, answer.timeline)?.id);
  }
  if (expected.length === 0) expect(view.reason, label).not.toBeNull();
}

/** Restores one answer with Barman and PostgreSQL alone, to the target as it was asked, and compares what is there. */
export async function restoreAndCompare(
  scene: HistoryScene,
  target: AskedTarget,
  answer: ReachableView['answers'][number],
): Promise<void> {
  const { lab, wal, oracle } = scene;
  const made = { backupId: answer.backup.id, timeline: answer.timeline, settings: settingsOf(target) };
  const copy = await copyByHand(lab, wal, made, `sample-${Date.now()}`);
  const label = `${queryOf(target)} on timeline ${answer.timeline}:\n${copy.log}`;
  try {
    expect(copy.ended, label).toBe('paused');
    const stop = {
      timeline: answer.stop.timeline,
      position: parsePosition(answer.stop.lsn),
      inclusive: answer.stop.inclusive,
    };
    const around = aroundStop(oracle, stop, answer.timeline);
    const named =
      / stopping (?:before|after) (?:(?:commit|abort) of (?:prepared )?transaction (\d+)|WAL location \(LSN\) "(.*?)")/.exec(
        copy.log,
      );
    const first = oracle.onPath(answer.timeline).find((end) => end.position === stop.position);
    expect([named?.[1], named?.[2]], label).toEqual(
      'time' in target ? [String(first?.xid), undefined] : [undefined, answer.stop.lsn],
    );
    const replayed = await copy.ask(
      'SELECT to_char(pg_last_xact_replay_timestamp() AT TIME ZONE \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')',
    );
    const replayedTo = parseInstant(replayed);
    if (replayedTo.ok) expect(replayedTo.micros, label).toBe(around.lastEnd?.time);
    const kept = ticksIn(scene, around.kept);
    const rows = await copy.ask('SELECT xid FROM ticks');
    const found = rows
      .split('\n')
      .filter((line) => line !== '')
      .map(Number);
    expect(new Set(found), label).toEqual(kept);
  } finally {
    await copy.discard();
  }
}

/** Restores a target that Barback calls unreachable, and sees PostgreSQL refuse it, or restore something else without a word. */
export async function seeRefused(scene: HistoryScene, target: AskedTarget, view: ReachableView): Promise<void> {
  const { lab, wal, backups, oracle } = scene;
  const newest = oracle.branches.at(-1)?.timeline ?? 1;
  const isEarly = view.reason?.code === 'too-early' || view.reason?.code === 'inside-backup';
  const backup = isEarly ? backups[0] : backups.at(-1);
  const made = { backupId: backup?.id ?? '', timeline: newest, settings: settingsOf(target) };
  const copy = await copyByHand(lab, wal, made, `refused-${Date.now()}`);
  const label = `${queryOf(target)}, ${view.reason?.code}:\n${copy.log}`;
  try {
    if (copy.ended === 'paused') {
      expect(isEarly, label).toBe(true);
      // Where no transaction lies between the begin of WAL and the end of the backup, PostgreSQL takes an instant before it; and a
      // position behind its last commit is its end, which is offered as such.
      if ('time' in target) {
        const later = `SELECT count(*) > 0 FROM ticks WHERE at > to_timestamp(${target.time} / 1000000.0)`;
        expect(await copy.ask(later), label).toBe('t');
      } else {
        // Barman counts the rest of the segment to the backup: nothing is committed there.
        const { lsn } = target;
        const end = backup?.end ?? 0;
        const ends = oracle.branches.flatMap((branch) => branch.ends);
        expect(
          ends.filter(({ position }) => position > lsn && position < end),
          label,
        ).toEqual([]);
      }
    } else {
      expect(copy.log).toMatch(
        /FATAL: {2}(recovery ended before configured recovery target was reached|requested recovery stop point is before consistent recovery point)/,
      );
    }
  } finally {
    await copy.discard();
  }
}

function namesOf(end: { xid: number; position: number } | null): [number | undefined, string | undefined] {
  return [end?.xid, end === null ? undefined : formatPosition(end.position)];
}

/** The ticks among transactions, and those before the oldest WAL, which every backup has. */
function ticksIn({ oracle, ticks }: HistoryScene, kept: readonly PlacedEnd[]): ReadonlySet<number> {
  const known = new Set(oracle.branches.flatMap(({ ends }) => ends.map(nameOf)));
  const names = new Set(kept.map(nameOf));
  return new Set(ticks.filter((one) => names.has(nameOf(one)) || !known.has(nameOf(one))).map((one) => one.xid));
}

function nameOf({ timeline, xid }: Tick): string {
  return `${timeline}/${xid}`;
}
