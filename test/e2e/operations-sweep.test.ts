import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { nowMicros } from '@barback/agent/system/clock.ts';
import { sweepScratches } from '@barback/agent/operations/sweep-scratches.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labDown } from '../lab/down.ts';
import type { Lab } from '../lab/lab.ts';
import { labUp } from '../lab/up.ts';
import { operationsHost, type OperationsHost } from './operations-host.ts';

let lab: Lab;
let operations: OperationsHost;

beforeAll(async () => {
  lab = await labUp({ dir: `/var/tmp/barback-sweep-${process.pid}` });
  operations = await operationsHost(lab, { keepHours: 72 });
});

afterAll(async () => {
  await operations?.close();
  if (lab) await labDown(lab.dir);
});

const hours = 3_600_000_000;

test('the sweep after a crash removes a forgotten copy with its running server, and neither a young one nor the holder of the server', async () => {
  const forgotten = operations.plan();
  await forgotten.copy({ type: 'latest' });
  const held = operations.plan();
  await held.recover({ type: 'immediate' });
  expect(await copies()).toHaveLength(2);
  const { pid } = await forgotten.run('scratch-start', {
    timeline: 1,
    target: { type: 'latest' },
    settings: {
      maxConnections: 5,
      maxWorkerProcesses: 1,
      maxWalSenders: 0,
      maxPreparedTransactions: 0,
      maxLocksPerTransaction: 64,
      sharedPreloadLibraries: [],
    },
  });
  expect(existsSync(`/proc/${pid}`)).toBe(true);

  await sweepScratches(operations.host, held.plan, nowMicros() + 71 * hours);
  expect(await copies()).toHaveLength(2);

  await sweepScratches(operations.host, held.plan, nowMicros() + 73 * hours);
  expect(await copies()).toEqual([`data.restore-${held.plan}`]);
  expect(existsSync(`/proc/${pid}`)).toBe(false);

  await sweepScratches(operations.host, null, nowMicros() + 73 * hours);
  expect(await copies()).toEqual([]);
});

async function copies(): Promise<readonly string[]> {
  const names = await readdir(path.dirname(lab.postgres.dataDir));
  return names.filter((name) => name.includes('.restore-'));
}
