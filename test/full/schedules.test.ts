import type { ScheduleView } from '@barback/api/schedules/schedule-view.ts';
import { expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { hasEnded, request, startRun, stepOf, waitForRun, type RunBody } from '../support/barback-client.ts';
import { momentOf, planOnceReachable } from '../support/cutover-client.ts';
import { settledLab } from '../support/settled-lab.ts';

const minutes = 60_000;

const drill = {
  server: 'main',
  name: 'yearly',
  scenario: 'drill',
  cron: '0 3 1 1 *',
  timeZone: 'Europe/Berlin',
  target: { type: 'random-instant' },
  options: { hold: '1h' },
};

async function scheduleOf(lab: Lab, id: string): Promise<ScheduleView> {
  return (await request(lab, 'GET', `/v1/schedules/${id}`)).json as ScheduleView;
}

/** The run of the newest occurrence, as soon as it has one that is not `other`. */
function runOf(lab: Lab, id: string, other: string | null): Promise<string> {
  return poll('the run of a schedule', 2 * minutes, async () => {
    const run = (await scheduleOf(lab, id)).firings[0]?.run ?? null;
    return run === null || run === other ? undefined : run;
  });
}

const isHeld = (run: RunBody): boolean => stepOf(run, 'hold').state === 'waiting';

test('a scheduled drill gives way to a restore of live, which waits only for its clean-up, and begins again afterwards', async () => {
  const { lab, stop } = await settledLab();
  try {
    await sql(lab.postgres, 'CREATE TABLE notes (text text)');
    await sql(lab.postgres, "INSERT INTO notes VALUES ('kept')");
    const target = { type: 'time', time: await momentOf(lab) };
    await sql(lab.postgres, "INSERT INTO notes VALUES ('undone')");
    const plan = await planOnceReachable(lab, target);

    const made = await request(lab, 'POST', '/v1/schedules', { body: drill });
    expect([made.status, made.headers.get('location')]).toEqual([201, expect.stringMatching(/^\/v1\/schedules\//)]);
    const { id, next } = made.json as ScheduleView;
    expect(next?.dueAt).toMatch(/-01-01T02:00:00/);
    expect((await request(lab, 'POST', `/v1/schedules/${id}/firings`)).status).toBe(202);
    const first = await runOf(lab, id, null);
    await waitForRun(lab, first, isHeld, 2 * minutes);

    const restore = await startRun(lab, plan);
    expect(restore.state).toBe('queued');
    const stopped = await waitForRun(lab, first, (run) => run.state === 'cancelled', minutes);
    expect(stopped).toMatchObject({ preemptedBy: restore.id, liveDatabase: 'old-running' });
    const done = await waitForRun(lab, restore.id, hasEnded, 4 * minutes);
    expect(done.state, JSON.stringify(done.problem)).toBe('succeeded');
    expect(await sql(lab.postgres, 'SELECT text FROM notes')).toBe('kept');

    const second = await runOf(lab, id, first);
    await waitForRun(lab, second, isHeld, 2 * minutes);
    expect((await scheduleOf(lab, id)).firings).toMatchObject([{ preempted: 1, run: second }]);
    const text = (await request(lab, 'GET', '/v1/schedules.txt')).text;
    expect(text).toMatch(/yearly +drill to random-instant +0 3 1 1 \* Europe\/Berlin/);
    expect((await request(lab, 'DELETE', `/v1/schedules/${id}`)).status).toBe(200);
    expect((await request(lab, 'GET', `/v1/schedules/${id}`)).status).toBe(404);
    // What it has started goes on.
    expect((await waitForRun(lab, second, isHeld, minutes)).state).toBe('waiting');
  } finally {
    await stop();
  }
});
