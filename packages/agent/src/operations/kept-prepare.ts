import path from 'node:path';
import { historyName, historyNamePattern } from '@barback/shared/postgres/timeline.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { parseAutoConf } from '../postgres/auto-conf.ts';
import { carriedSettings } from '../postgres/carried-settings.ts';
import { endAtOnceText } from '../postgres/end-at-once.ts';
import { identityOf, kindOf, listDirectory } from '../system/directory-tree.ts';
import { isKnownAgain } from '../system/known-again.ts';
import { readControlData } from './control-data.ts';
import { executeOk } from './execute.ts';
import type { Call, Handler, Host } from './handler.ts';
import { readHistoryTexts } from './read-histories.ts';
import { readSwap } from './swap-record.ts';
import { hasFormerNames, namedInFiles, rememberNames } from './synchronous-names.ts';
import { readWalPlaces } from './wal-places.ts';
import { requirePlan } from './backup-lease.ts';
import { listWal } from './wal-store.ts';

interface PrepareWork {
  readonly host: Host;
  readonly call: Call;
  readonly directory: string;
}

/**
 * A cluster that was shut down cleanly opens on a new timeline when it recovers nothing and has a history to be behind
 * (field notes: PostgreSQL 15 and 17 take the next number above every history that they find, timeline.c, findNewestTimeLine).
 */
export const keptPrepare: Handler<'kept-prepare'> = {
  async perform(host, { plan }, call) {
    const work = { host, call, directory: await requireKept(host, plan) };
    const control = await readControlData(host, work.directory, userOf(host), call.signal);
    if (control.state !== 'shut down') throw notClean(work.directory, control.state);
    const texts = await histories(host, call);
    const inKept = new Set(await listDirectory(path.join(work.directory, 'pg_wal')));
    for (const [timeline, text] of texts) {
      const name = historyName(timeline);
      if (timeline > control.timeline && !inKept.has(name)) await write(work, path.join('pg_wal', name), text);
    }
    const synchronous = await writeSettings(work);
    await write(work, 'recovery.signal', '');
    await run(work, ['/usr/bin/sync', '--', work.directory, path.join(work.directory, 'pg_wal')]);
    const highestTimeline = Math.max(control.timeline, ...texts.keys());
    const { timeline, systemIdentifier } = control;
    return { timeline, highestTimeline, systemIdentifier, synchronous };
  },

  /** Preparing it twice is the same as once. */
  observe: () => Promise.resolve({ is: 'absent' }),
};

async function requireKept(host: Host, plan: string): Promise<string> {
  const record = await readSwap(host, plan);
  const found = record?.state === 'done' ? await identityOf(record.keptPath) : undefined;
  if (record && (await isKnownAgain(record.old, found))) return record.keptPath;
  throw new ProblemError('nothing-kept', `plan ${plan} keeps no directory, or another one lies at its place`, {
    next: 'see GET /v1/servers/{name}/kept; nothing was changed',
  });
}

/** Every history that live or Barman knows: a number that was given out is not given out again (T26). */
async function histories(host: Host, call: Call): Promise<Map<number, string>> {
  const { wal, segmentBytes } = await readWalPlaces(host, requirePlan(call), call);
  const texts = await readHistoryTexts(await listWal(wal, segmentBytes), host.server.barman.user ?? null);
  const directory = path.join(host.server.postgres.dataDirectory, 'pg_wal');
  for (const name of await listDirectory(directory).catch(() => [])) {
    if (!historyNamePattern.test(name)) continue;
    const argv = ['/usr/bin/cat', '--', path.join(directory, name)];
    const { stdout } = await executeOk({ argv, user: userOf(host), timeoutMs: 30_000 }, call.signal, 'postgres-failed');
    texts.set(Number.parseInt(name, 16), stdout);
  }
  return texts;
}

/**
 * Its own settings wait beside those that end a recovery at once; live-start puts them back when it is open, but for the names of
 * synchronous standbys. Answers whether there are any.
 */
async function writeSettings(work: PrepareWork): Promise<boolean> {
  const { host, call } = work;
  const name = 'postgresql.auto.conf';
  const saved = `${name}.barback`;
  if ((await kindOf(path.join(work.directory, saved))) === 'absent') {
    const before = await read(work, name);
    const former = parseAutoConf(before).findLast((one) => one.name === 'synchronous_standby_names')?.value ?? null;
    const synchronous = former === null ? await namedInFiles(host, call) : former !== '';
    if (synchronous) await rememberNames(host, requirePlan(call), former);
    await write(work, saved, carriedSettings(before, { emptySynchronousNames: synchronous }).text);
  }
  const own = await read(work, saved);
  await write(work, name, endAtOnceText(own));
  return hasFormerNames(host, requirePlan(call));
}

async function read(work: PrepareWork, name: string): Promise<string> {
  return (await run(work, ['/usr/bin/cat', '--', path.join(work.directory, name)])).stdout;
}

/** Everything is written by PostgreSQL's user, to whom the directory belongs. */
async function write(work: PrepareWork, name: string, text: string): Promise<void> {
  const file = path.join(work.directory, name);
  await run(work, ['/usr/bin/dd', `of=${file}`, 'status=none', 'conv=fsync'], text);
}

function run({ host, call }: PrepareWork, argv: readonly string[], stdin?: string) {
  const program = { argv, user: userOf(host), timeoutMs: 60_000, ...(stdin === undefined ? {} : { stdin }) };
  return executeOk(program, call.signal, 'postgres-failed');
}

function userOf(host: Host): string | null {
  return host.server.postgres.user ?? null;
}

function notClean(directory: string, state: string): ProblemError {
  return new ProblemError('postgres-failed', `${directory} was not shut down cleanly: it is "${state}"`, {
    next: 'Its newest commits must be recovered first: chmod 0600 its PG_VERSION, start it by hand on a private socket, stop it with pg_ctl -m fast, then plan again. Live goes on as it is.',
    facts: { state },
  });
}
