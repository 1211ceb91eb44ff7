import path from 'node:path';
import {
  entriesToCarry,
  entriesToRemove,
  includedDirectories,
  originals,
  type TopEntry,
} from '../postgres/data-directory-files.ts';
import { carriedSettings, type CarriedSettings } from '../postgres/carried-settings.ts';
import { identityOf, kindOf, listDirectory } from '../system/directory-tree.ts';
import { executeOk } from './execute.ts';
import type { Call, Host } from './handler.ts';
import type { SealContents } from './sealed-record.ts';

/** Everything here is done by PostgreSQL's user, to whom both directories belong by now: the agent writes nothing itself. */
export interface SealPlace {
  readonly host: Host;
  readonly call: Call;
  /** The copy's data directory. */
  readonly directory: string;
  readonly emptySynchronousNames: boolean;
}

/** Decides what comes from live and what goes, and writes the settings; what it answers is recorded before anything is removed. */
export async function decideContents(at: SealPlace): Promise<SealContents> {
  const live = await liveEntries(at);
  const copy = await listDirectory(at.directory);
  const settings = await writeSettings(at, live !== null, copy);
  if (live === null) await putOriginalsBack(at, copy);
  const carried = live === null ? [] : entriesToCarry(live, await includes(at, live));
  const removed = entriesToRemove(copy, live);
  return {
    settingsKept: [...settings.kept],
    settingsLeftOut: [...settings.leftOut],
    removed,
    carried,
    synchronousNames: settings.synchronousNames,
  };
}

/** Repeating it is harmless: what is removed stays removed, what is carried over is taken from live again. */
export async function applyContents(at: SealPlace, { removed, carried }: SealContents): Promise<void> {
  const inCopy = (name: string) => path.join(at.directory, name);
  const goes = [...removed, ...carried].map(inCopy);
  if (goes.length > 0) await run(at, ['/usr/bin/rm', '-rf', '--', ...goes]);
  for (const name of carried) await carry(at, path.join(at.host.server.postgres.dataDirectory, name), inCopy(name));
}

/** A key that live was given by root would be refused with its mode, now that it belongs to PostgreSQL's user (be-secure-common.c). */
async function carry(at: SealPlace, from: string, to: string): Promise<void> {
  if ((await kindOf(from)) !== 'file') {
    await run(at, ['/usr/bin/cp', '-a', '--no-preserve=ownership', '--no-target-directory', '--', from, to]);
    return;
  }
  const there = await identityOf(from);
  const owner = await identityOf(at.directory);
  const mode = there && there.uid === owner?.uid ? there.mode & 0o755 : 0o600;
  await run(at, ['/usr/bin/install', '-p', '-m', mode.toString(8), '--no-target-directory', '--', from, to]);
}

/** Null when live has no data directory that says what is its own: emptied, or only half there (T32). */
async function liveEntries({ host }: SealPlace): Promise<TopEntry[] | null> {
  const { dataDirectory } = host.server.postgres;
  if ((await kindOf(path.join(dataDirectory, 'PG_VERSION'))) !== 'file') return null;
  const names = await listDirectory(dataDirectory);
  return Promise.all(
    names.map(async (name) => {
      const file = path.join(dataDirectory, name);
      return { name, kind: await kindOf(file), bytes: (await identityOf(file))?.size ?? 0 };
    }),
  );
}

async function includes(at: SealPlace, live: readonly TopEntry[]): Promise<string[]> {
  const main = live.find((one) => one.name === 'postgresql.conf');
  if (!main) return [];
  return includedDirectories(await read(at, path.join(at.host.server.postgres.dataDirectory, main.name)));
}

/** Live's settings of now; where they are lost, those of the backup, which were set aside when the copy was started. */
async function writeSettings(at: SealPlace, fromLive: boolean, copy: readonly string[]): Promise<CarriedSettings> {
  const name = 'postgresql.auto.conf';
  const live = path.join(at.host.server.postgres.dataDirectory, name);
  const evidence = path.join(at.directory, `${name}.backup`);
  const source = fromLive && (await kindOf(live)) === 'file' ? live : evidence;
  const known = source === live || copy.includes(path.basename(evidence));
  const settings = carriedSettings(known ? await read(at, source) : '', at);
  await run(at, ['/usr/bin/dd', `of=${path.join(at.directory, name)}`, 'status=none'], settings.text);
  return settings;
}

async function putOriginalsBack(at: SealPlace, copy: readonly string[]): Promise<void> {
  for (const { from, to } of originals(copy)) {
    const [source, target] = [from, to].map((name) => path.join(at.directory, name)) as [string, string];
    await run(at, ['/usr/bin/cp', '-a', '--no-target-directory', '--', source, target]);
  }
}

async function read(at: SealPlace, file: string): Promise<string> {
  return run(at, ['/usr/bin/cat', '--', file]);
}

async function run({ host, call }: SealPlace, argv: readonly string[], stdin?: string): Promise<string> {
  const user = host.server.postgres.user ?? null;
  const program = { argv, user, timeoutMs: 600_000, ...(stdin === undefined ? {} : { stdin }) };
  return (await executeOk(program, call.signal, 'postgres-failed')).stdout;
}
