import path from 'node:path';
import { z } from 'zod';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { requirePlan } from './backup-lease.ts';
import { copyProcess, requireCopyProcess } from './copy-process.ts';
import { askJson, copyServer, liveServer, shortLimits, sqlProgram, type SqlServer } from './copy-sql.ts';
import { executeOk } from './execute.ts';
import type { Call, Handler } from './handler.ts';
import { scratchPlace, type ScratchPlace } from './scratch-place.ts';
import { readRecord, requireScratch } from './scratch-record.ts';

const listSchema = z.array(z.strictObject({ database: z.string(), name: z.string(), enabled: z.boolean() }));
type Subscription = z.infer<typeof listSchema>[number];

/** pg_subscription is shared: one database tells those of all. */
const listSql = `SELECT coalesce(json_agg(json_build_object('database', datname, 'name', subname, 'enabled', subenabled)
  ORDER BY datname, subname), '[]') FROM pg_subscription JOIN pg_database d ON d.oid = subdbid;`;

export const scratchSubscriptions: Handler<'scratch-subscriptions'> = {
  async perform(host, _params, call) {
    const place = await requireScratch(host, requirePlan(call));
    await requireCopyProcess(place);
    const server = copyServer(host, place);
    const found = await askJson(server, listSql, listSchema, call.signal);
    const enabled = found.filter((one) => one.enabled);
    // Recorded before anything changes: one that was disabled by an interrupted try is still to be enabled again.
    const disabled = union(await readDisabled(place), enabled);
    if (disabled.length > 0) await writeAtomic(recordFile(place), JSON.stringify(disabled));
    for (const one of enabled) await alter(server, one, 'DISABLE', call);
    return answer(disabled);
  },

  async observe(host, _params, call) {
    const place = scratchPlace(host, requirePlan(call));
    if (!(await readRecord(place)) || !(await copyProcess(place))) return { is: 'absent' };
    const found = await askJson(copyServer(host, place), listSql, listSchema, call.signal);
    if (found.some((one) => one.enabled)) return { is: 'absent' };
    return { is: 'complete', result: answer(await readDisabled(place)) };
  },
};

export const liveSubscriptions: Handler<'live-subscriptions'> = {
  async perform(host, _params, call) {
    const disabled = await readDisabled(scratchPlace(host, requirePlan(call)));
    const server = liveServer(host);
    const found = await askJson(server, listSql, listSchema, call.signal);
    const due = found.filter((one) => disabled.some((other) => isSame(one, other)));
    for (const one of due.filter((other) => !other.enabled)) await alter(server, one, 'ENABLE', call);
    return { enabled: due.map(nameOf) };
  },

  async observe(host, _params, call) {
    const disabled = await readDisabled(scratchPlace(host, requirePlan(call)));
    const found = await askJson(liveServer(host), listSql, listSchema, call.signal);
    const due = found.filter((one) => disabled.some((other) => isSame(one, other)));
    if (due.some((one) => !one.enabled)) return { is: 'absent' };
    return { is: 'complete', result: { enabled: due.map(nameOf) } };
  },
};

async function alter(
  server: SqlServer,
  { database, name }: Subscription,
  verb: 'ENABLE' | 'DISABLE',
  call: Call,
): Promise<void> {
  const statement = `ALTER SUBSCRIPTION "${name.replaceAll('"', '""')}" ${verb};`;
  await executeOk(sqlProgram({ ...server, database }, statement, shortLimits), call.signal, 'postgres-failed');
}

async function readDisabled(place: ScratchPlace): Promise<Subscription[]> {
  const text = await readIfExists(recordFile(place));
  return text === undefined ? [] : listSchema.parse(JSON.parse(text));
}

function union(known: readonly Subscription[], found: readonly Subscription[]): Subscription[] {
  return [...known, ...found.filter((one) => !known.some((other) => isSame(one, other)))];
}

function isSame(one: Subscription, other: Subscription): boolean {
  return one.database === other.database && one.name === other.name;
}

function answer(disabled: readonly Subscription[]) {
  return { any: disabled.length > 0, disabled: disabled.map(nameOf) };
}

function nameOf({ database, name }: Subscription): string {
  return `${database}.${name}`;
}

function recordFile({ records }: ScratchPlace): string {
  return path.join(records, 'subscriptions.json');
}
