import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { ensureDirectory, kindOf } from '../system/directory-tree.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { realPath, removeFile } from '../system/look-at-file.ts';
import { ParentDirectory } from '../system/parent-directory.ts';
import { debianDirectory } from './cluster-configuration.ts';
import type { Host } from './handler.ts';
import { withServerFile } from './server-file.ts';

const versionFile = 'PG_VERSION';
const heldMark = '# Held by Barback';

/**
 * Keeps PostgreSQL from starting there, whoever tries, a reboot included (T30): its first look is at PG_VERSION, and it cannot read
 * it any more (miscinit.c, ValidatePgVersion, 10–18). A server that runs is not disturbed.
 */
export async function holdDirectory(directory: string): Promise<void> {
  if (!(await setMode(directory, () => 0o000))) throw noCluster(directory);
}

/** With the mode that initdb gives: readable for the group where the directory is. */
export async function releaseDirectory(directory: string): Promise<void> {
  if (!(await setMode(directory, (mode) => ((mode & 0o050) === 0o050 ? 0o640 : 0o600)))) throw noCluster(directory);
}

/** What a person does who finds a hold and no agent. */
export function releaseByHand(host: Host): string {
  const { dataDirectory } = host.server.postgres;
  const startConf = startConfOf(host);
  const first = startConf === null ? '' : `write auto or manual, as it was before, into ${startConf}, and `;
  return `to start PostgreSQL by hand, ${first}chmod 0600 ${path.join(dataDirectory, versionFile)}`;
}

const holdSchema = z.strictObject({ plan: z.string(), startConf: z.string().nullable() });

/** Holds what lies at the live path, and a Debian cluster by its start.conf too; repeating it is harmless. */
export async function holdLive(host: Host, plan: string): Promise<void> {
  const { dataDirectory } = host.server.postgres;
  const startConf = startConfOf(host);
  const known = await readHold(host);
  const isThere = startConf !== null && (await realPath(startConf)) !== undefined;
  if (isThere) {
    await withServerFile(host, startConf, async (held) => {
      // What is there and is not ours was written since, by whoever lifted an earlier hold by hand.
      const before = held.text.startsWith(heldMark) ? (known?.startConf ?? 'manual\n') : held.text;
      await writeHold(host, { plan, startConf: before });
      await held.replace(`${heldMark}, plan ${plan}: ${releaseByHand(host)}.\ndisabled\n`);
    });
  } else await writeHold(host, { plan, startConf: known?.startConf ?? null });
  if (await hasCluster(dataDirectory)) await holdDirectory(dataDirectory);
}

/** Lifts the hold, whoever set it; without one nothing changes. */
export async function releaseLive(host: Host): Promise<void> {
  const { dataDirectory } = host.server.postgres;
  const before = (await readHold(host))?.startConf;
  const startConf = startConfOf(host);
  // Without the file a Debian cluster starts by itself (PgCommon.pm, get_cluster_start_conf).
  if (before != null && startConf !== null && (await realPath(startConf)) !== undefined) {
    await withServerFile(host, startConf, async (held) => {
      if (held.text.startsWith(heldMark)) await held.replace(before);
    });
  }
  if (await hasCluster(dataDirectory)) await releaseDirectory(dataDirectory);
  await removeFile(holdFile(host));
}

/** The plan whose hold is on; null without one. */
export async function heldBy(host: Host): Promise<string | null> {
  return (await readHold(host))?.plan ?? null;
}

/** The start.conf of a Debian cluster, and the word in it that the hold has replaced. */
export async function startConfBefore(host: Host): Promise<{ readonly file: string; readonly text: string } | null> {
  const file = startConfOf(host);
  if (file === null) return null;
  const before = (await readHold(host))?.startConf ?? '';
  return { file, text: /^\s*(auto|manual|disabled)\b/m.exec(before)?.[1] ?? 'auto' };
}

async function setMode(directory: string, modeFor: (directoryMode: number) => number): Promise<boolean> {
  const real = await realPath(directory);
  if (real === undefined) return false;
  const parent = await ParentDirectory.open(real);
  try {
    return await parent.changeMode(versionFile, modeFor((await parent.identity()).mode));
  } finally {
    await parent.close();
  }
}

async function hasCluster(directory: string): Promise<boolean> {
  return (await kindOf(path.join(directory, versionFile))) !== 'absent';
}

async function readHold(host: Host): Promise<z.infer<typeof holdSchema> | undefined> {
  const text = await readIfExists(holdFile(host));
  return text === undefined ? undefined : holdSchema.parse(JSON.parse(text));
}

async function writeHold(host: Host, hold: z.infer<typeof holdSchema>): Promise<void> {
  await ensureDirectory(path.dirname(holdFile(host)));
  await writeAtomic(holdFile(host), JSON.stringify(hold));
}

function holdFile(host: Host): string {
  return path.join(host.config.stateDirectory, 'holds', `${host.serverName}.json`);
}

function startConfOf(host: Host): string | null {
  const { service } = host.server.postgres;
  return service?.kind === 'debian-cluster' ? `${debianDirectory(service)}/start.conf` : null;
}

function noCluster(directory: string): ProblemError {
  return new ProblemError('location-unsafe', `${path.join(directory, versionFile)} is no regular file of its own`, {
    next: 'look at the directory: somebody has put something else there; nothing was changed',
    facts: { directory },
  });
}
