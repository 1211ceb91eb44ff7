import path from 'node:path';
import type { AgentConfig } from '../config.ts';
import { serverProcess } from '../operations/copy-process.ts';
import { clusterDirectory } from '../operations/cluster-configuration.ts';
import { execute } from '../operations/execute.ts';
import type { Host } from '../operations/handler.ts';
import { heldBy } from '../operations/hold.ts';
import { withServerFile } from '../operations/server-file.ts';
import { withDataDirectory } from '../postgres/data-directory-setting.ts';
import { hostOf } from '../registry.ts';
import { kindOf, listDirectory } from '../system/directory-tree.ts';
import { syncDirectory } from '../system/files.ts';
import { isMountPoint } from '../system/filesystem.ts';
import { jobUnderWay } from './release-server.ts';
import { fencedBy } from './rescue-status.ts';

const innerName = 'data';
/** What mkfs makes, and nothing of PostgreSQL. */
const notOurs = new Set([innerName, 'lost+found']);

/**
 * Moves a stopped cluster whose data directory is a mount point into a directory below it, so that it can be replaced by a rename from then on.
 * Cut off at any moment, it goes on where it was when it is called again, and PostgreSQL starts in neither place before. Answers what to print.
 */
export async function moveDown(config: AgentConfig, server: string | undefined): Promise<string> {
  if (server === undefined || !Object.hasOwn(config.servers, server)) {
    throw new Error(`name one of the servers of this agent: --server ${Object.keys(config.servers).join(' | ')}`);
  }
  const host = hostOf(config, server);
  const { dataDirectory } = host.server.postgres;
  const inner = path.join(dataDirectory, innerName);
  await requireMovable(host, inner);
  const moved = await moveEntries(host, inner);
  const setting = await changeSetting(host, inner);
  return [
    moved === 0 ? `everything is in ${inner} already` : `${moved} entries are in ${inner} now`,
    setting,
    'Next:',
    `  1. postgres.dataDirectory of ${server} in the agent's configuration: ${inner}`,
    ...(isBelow(host.server.postgres.hbaFile, dataDirectory) ? ['     and its hbaFile, which has moved too'] : []),
    "  2. start the agent's executor again, then PostgreSQL",
    '  3. barman check, and a base backup when it suits you',
  ].join('\n');
}

function isBelow(file: string | undefined, directory: string): boolean {
  return file?.startsWith(`${directory}/`) === true;
}

async function requireMovable(host: Host, inner: string): Promise<void> {
  const { dataDirectory } = host.server.postgres;
  const refuse = (why: string): Error => new Error(`cannot move ${dataDirectory}: ${why}; nothing was changed`);
  if (!(await isMountPoint(dataDirectory))) throw refuse('it is no mount point, and need not be moved');
  if ((await serverProcess(dataDirectory)) ?? (await serverProcess(inner))) {
    throw refuse('PostgreSQL runs in it: stop it first (Debian: pg_ctlcluster VERSION CLUSTER stop)');
  }
  const plan = (await heldBy(host)) ?? (await fencedBy(host));
  const busy = await jobUnderWay(host.config, host.serverName);
  if (plan !== null)
    throw refuse(`plan ${plan} is in the middle of it: barback-agent rescue status tells how to end that`);
  if (busy !== undefined) throw refuse(`job ${busy} is under way: wait for its end`);
  if ((await controlFiles(dataDirectory, inner)) === 0) throw refuse('there is no cluster in it');
  if (!['absent', 'directory'].includes(await kindOf(inner)))
    throw refuse(`${inner} is something else than a directory`);
  for (const name of await entriesOf(dataDirectory)) {
    if (await isMountPoint(path.join(dataDirectory, name))) {
      throw refuse(`another filesystem is mounted at its ${name}: move that one first, behind a symbolic link`);
    }
  }
}

async function controlFiles(...directories: readonly string[]): Promise<number> {
  const kinds = await Promise.all(directories.map((one) => kindOf(path.join(one, 'global/pg_control'))));
  return kinds.filter((kind) => kind === 'file').length;
}

async function entriesOf(dataDirectory: string): Promise<string[]> {
  return (await listDirectory(dataDirectory)).filter((name) => !notOurs.has(name));
}

/**
 * As PostgreSQL's user, who owns both: whoever could put a link into its way gains nothing. `global` goes first and PG_VERSION last: without either no
 * server starts (15, checkDataDir, ValidatePgVersion). Within one filesystem mv(1) renames.
 */
async function moveEntries(host: Host, inner: string): Promise<number> {
  const { dataDirectory } = host.server.postgres;
  await asOwner(host, ['/usr/bin/mkdir', '--parents', '--mode=0700', '--', inner]);
  const names = await entriesOf(dataDirectory);
  const ends = ['global', 'PG_VERSION'];
  const others = names.filter((name) => !ends.includes(name));
  for (const wanted of [['global'], others, ['PG_VERSION']]) {
    const batch = wanted.filter((name) => names.includes(name));
    if (batch.length === 0) continue;
    const from = batch.map((name) => path.join(dataDirectory, name));
    await asOwner(host, ['/usr/bin/mv', '--no-clobber', `--target-directory=${inner}`, '--', ...from]);
    await syncDirectory(inner);
    await syncDirectory(dataDirectory);
  }
  const left = await entriesOf(dataDirectory);
  if (left.length > 0)
    throw new Error(`cannot move ${left.join(', ')}: ${inner} has entries of these names; look at both`);
  // Barman's user passes through it on the way to copies beside the data directory.
  await asOwner(host, ['/usr/bin/chmod', '0755', '--', dataDirectory]);
  return names.length;
}

async function asOwner(host: Host, argv: readonly string[]): Promise<void> {
  const program = { argv, user: host.server.postgres.user ?? null, timeoutMs: 600_000 };
  const { exitCode, stderr } = await execute(program, new AbortController().signal);
  if (exitCode !== 0) throw new Error(`${argv[0]} failed: ${stderr.trim()}; call this again when it is remedied`);
}

async function changeSetting(host: Host, inner: string): Promise<string> {
  const { dataDirectory } = host.server.postgres;
  const directory = clusterDirectory(host);
  if (directory === undefined || directory === dataDirectory) {
    return `the configuration of PostgreSQL was in it, and is in ${inner} now: whatever starts PostgreSQL must name that`;
  }
  const file = path.join(directory, 'postgresql.conf');
  return withServerFile(host, file, async (held) => {
    if (withDataDirectory(held.text, inner, inner) !== null) return `${file} names it already`;
    const text = withDataDirectory(held.text, dataDirectory, inner);
    if (text === null) return `${file} does not set data_directory: whatever starts PostgreSQL must name ${inner}`;
    await held.replace(text);
    return `${file}: data_directory = '${inner}'`;
  });
}
