import { activitySchema } from '@barback/api/incidents/activity.ts';
import { incidentListSchema, type Incident, type IncidentList } from '@barback/api/incidents/incident-schema.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { request, runDrill } from './barback-client.ts';
import { incidentScene, type Accident, type IncidentScene } from './incident-scene.ts';

/** The same tests in both tiers; they differ in how many commits hide the accidents, and in which of them are drilled. */
export function incidentTests(
  { commits, drilled }: { commits: number; drilled: readonly Accident['kind'][] },
  more: (labOf: () => Lab) => void = () => {},
): void {
  let scene: IncidentScene;

  beforeAll(async () => {
    scene = await incidentScene(commits);
  });
  afterAll(async () => {
    await scene?.stop();
  });

  test(`a drop, a truncate, a delete and a bad update among ${commits} commits are all that is listed, newest first`, async () => {
    const found = await listed(scene, '');
    expect(found.map(({ xid, kinds, rows }) => ({ xid, kinds, rows }))).toEqual(
      scene.accidents.map(({ xid, kind, rows }) => ({ xid, kinds: [kind], rows })).toReversed(),
    );
    const { database } = scene.lab.postgres;
    expect(found.map((one) => one.relations.map((of) => [of.database, of.schema, of.name]))).toEqual(
      scene.accidents.map(({ table }) => [[database, 'public', table]]).toReversed(),
    );
    expect(found.every((one) => !one.atLeast)).toBe(true);
  });

  test('each is found by its kind, by the name of its table, and in the text that a terminal shows', async () => {
    for (const { kind, table, xid } of scene.accidents) {
      expect((await listed(scene, `&kind=${kind}`)).map((one) => one.xid)).toEqual([xid]);
      expect((await listed(scene, `&relation=${table}`)).map((one) => one.xid)).toEqual([xid]);
    }
    const { text } = await request(scene.lab, 'GET', `/v1/servers/main/transactions.txt?from=${scene.from}`);
    for (const { table, xid } of scene.accidents) expect(text).toMatch(new RegExp(`\\b${xid}\\b.*\\b${table}\\b`));
  });

  test('all commits of the time are in its activity', async () => {
    // The last ones arrive at Barman a moment later.
    await poll('all commits in the activity', 60_000, async () => {
      const path = `/v1/servers/main/activity?from=${scene.from}&to=${scene.to}&step=10s`;
      const { commits: told } = activitySchema.parse((await request(scene.lab, 'GET', path)).json);
      return told.reduce((sum, one) => sum + one, 0) >= commits ? true : undefined;
    });
  });

  more(() => scene.lab);

  test.each(drilled)('a drill to before the %s has the rows, and one to behind it has not', async (kind) => {
    const accident = scene.accidents.find((one) => one.kind === kind);
    if (!accident) throw new Error(`no accident ${kind}`);
    const [incident] = await listed(scene, `&kind=${kind}`);
    const before = await goodRows(scene, incident?.target ?? {}, accident.table);
    const after = await goodRows(scene, { type: 'xid', xid: accident.xid, inclusive: true }, accident.table);
    expect({ before, after }).toEqual(accident.good);
  });
}

/** An answer that says it may lack something, or was observed before the last accident, is asked for again, as its reader would. */
async function listed(scene: IncidentScene, more: string): Promise<readonly Incident[]> {
  const complete = await poll('a list that lacks nothing', 120_000, async () => {
    const list = await listedNow(scene, more);
    const isLate = list.observedAt !== null && list.observedAt > scene.to;
    return isLate && list.index.fresh && list.index.unread === 0 ? list : undefined;
  });
  return complete.transactions;
}

async function listedNow({ lab, from, to }: IncidentScene, more: string): Promise<IncidentList> {
  const { status, json, text } = await request(
    lab,
    'GET',
    `/v1/servers/main/transactions?from=${from}&to=${to}${more}`,
  );
  expect(status, text).toBe(200);
  return incidentListSchema.parse(json);
}

/** In a copy that was restored to a target; -1: there is no such table. */
async function goodRows({ lab }: IncidentScene, target: object, table: string): Promise<number> {
  const rows = `SELECT count(*) FROM ${table} WHERE state = 'good'`;
  const count = `(xpath('//count/text()', query_to_xml('${rows.replaceAll("'", "''")}', true, false, '')))[1]::text::int`;
  const sql = `SELECT CASE WHEN to_regclass('${table}') IS NULL THEN -1 ELSE ${count} END AS good`;
  const probe = { name: 'good', database: lab.postgres.database, sql };
  const run = await runDrill(lab, target, { probes: [probe] });
  expect(run.state, JSON.stringify(run, null, 1)).toBe('succeeded');
  return Number(run.result?.probes.find((one) => one.name === 'good')?.rows?.[0]?.['good']);
}
