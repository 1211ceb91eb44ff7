import { chown, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { compareLsn } from '@barback/shared/postgres/lsn.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { startWritingApplication, type WritingApplication } from '../lab/writing-application.ts';
import { setApplications } from '../support/application-scene.ts';
import { endOf, startRun, stepOf } from '../support/barback-client.ts';
import { acknowledgedPlan } from '../support/lost-host.ts';
import { mirrorPage, mirrorWell } from '../support/mirror-client.ts';
import { destroyHost, moveRecord } from '../support/second-host.ts';
import { openAddress } from '../support/tcp-to-socket.ts';
import { twoHosts } from '../support/two-hosts.ts';

let first: Lab;
let second: Lab;
let writer: WritingApplication;
let address: { port: number };
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  ({ first, second } = await twoHosts(stops));
  const [before, after] = [await openAddress(first.postgres), await openAddress(second.postgres)];
  stops.push(before.close, after.close);
  address = after;
  const environment = `# shop\nDATABASE_URL="postgresql://127.0.0.1:${before.port}/app" # main\nX=1\n`;
  writer = await startWritingApplication(first, { pauseMs: 20, through: before, environment });
  stops.push(() => writer.close());
  const file = path.join(first.dir, 'api', 'dokploy-key');
  await writeFile(file, writer.dokploy.key, { mode: 0o600 });
  const { uid, gid } = await stat(path.dirname(file));
  await chown(file, uid, gid);
  const service = { type: 'application', id: writer.id };
  const how = { kind: 'dokploy', name: 'writer', url: writer.dokploy.url, secret: 'dokploy', service };
  await setApplications(first, [{ ...how, role: 'app', databaseVariable: 'DATABASE_URL' }]);
});

afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
});

test('the host is destroyed while an application writes: it writes on the new one, and no commit is missing that the mirror had', async () => {
  await mirrorWell(first);
  const held = (await mirrorPage(first)).current?.newestCommit;
  await writer.written(20);
  await destroyHost(first);
  await moveRecord(first, second);
  const plan = await acknowledgedPlan(second, { databaseAddress: { host: '127.0.0.1', port: address.port } });
  const run = await endOf(second, (await startRun(second, plan)).id);
  expect(run.state, JSON.stringify(run.problem)).toBe('succeeded');
  for (const name of ['reconnect-writer', 'start-writer', 'connected-writer']) {
    expect([name, stepOf(run, name).state]).toEqual([name, 'succeeded']);
  }
  const { row } = writer.dokploy.service('writer');
  expect(row.env).toBe(`# shop\nDATABASE_URL="postgresql://127.0.0.1:${address.port}/app" # main\nX=1\n`);
  expect([row.buildArgs, row.replicas, row.autoDeploy]).toEqual(['TOKEN=canary_build_1', 2, true]);

  const there = async () => new Set((await sql(second.postgres, 'SELECT note FROM ledger')).split('\n'));
  const acknowledged = (await writer.ledger()).filter((one) => one.acknowledgedAt !== null);
  const promised = acknowledged.filter((one) => held && one.upTo !== null && compareLsn(one.upTo, held.lsn) <= 0);
  expect(promised.length).toBeGreaterThan(0);
  const rows = await there();
  expect(promised.filter((one) => !rows.has(one.note))).toEqual([]);
  await poll('the application writes on the new host', 30_000, async () =>
    (await there()).size > rows.size ? true : undefined,
  );
});
