import { createHash } from 'node:crypto';
import path from 'node:path';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { seal } from '@barback/shared/sealed/seal.ts';
import { tarOf, type TarEntry } from '@barback/shared/sealed/tar.ts';
import { boxArgv, boxText } from '../mirror/box.ts';
import {
  sealedName,
  vaultContents,
  vaultReadme,
  vaultVersion,
  type VaultContents,
  type VaultFile,
} from '../mirror/vault-contents.ts';
import { monotonicMs, nowMicros } from '../system/clock.ts';
import { execute } from './execute.ts';
import type { Handler, Host } from './handler.ts';
import { parseHashes } from './mirror-hashes.ts';
import { mirrorUser, requireBox } from './mirror-place.ts';
import { runForMirror, withMirrorDirectory } from './mirror-workplace.ts';
import { reportConnection, runRsync, type RsyncWork } from './run-rsync.ts';
import { collectVault, type Collected } from './vault-collect.ts';
import { readVaultRecord, writeVaultRecord, type VaultRecord } from './vault-record.ts';

const leftOutToldMax = 200;
const indexName = 'index.json';

export const mirrorVault: Handler<'mirror-vault'> = {
  async perform(host, params, call) {
    const startedAt = monotonicMs();
    const box = requireBox(host);
    const work = { box, user: mirrorUser(host), call };
    const recipients = host.server.mirror?.vault.recipients ?? [];
    call.progress('vault', 0, null);
    const collected = await collectVault(host, call);
    const digest = sha256(Buffer.from(JSON.stringify([collected, recipients])));
    const last = await readVaultRecord(host);
    const isSame = !params.anew && last?.digest === digest && last.destination === boxText(box);
    const isNew = !isSame || !(await isThere(work, last));
    const record = isNew ? await makeVersion(host, { work, collected, digest, recipients }) : last;
    const { version, told } = record;
    return { version, isNew, ...told, seconds: (monotonicMs() - startedAt) / 1000 };
  },

  /** Performing again makes the version that is not there yet. */
  async observe() {
    return { is: 'absent' };
  },
};

/** Whether the box still has the version, by its last file: one that was exchanged or emptied gets it anew. */
async function isThere(work: RsyncWork, { version, files }: VaultRecord): Promise<boolean> {
  return withMirrorDirectory(work, async (directory) => {
    const filters = [
      '--include=/vault/',
      `--include=/vault/${version}/`,
      `--include=/vault/${version}/${indexName}`,
      '--exclude=*',
    ];
    const plain = { deletes: false, compareContents: false } as const;
    await runRsync(work, { direction: 'fetch', local: `${directory}/`, remote: '', filters, ...plain }, 'vault');
    const file = path.join(directory, 'vault', version, indexName);
    const argv = ['/usr/bin/sha256sum', '--', file];
    const { stdout } = await execute({ argv, user: work.user, timeoutMs: 60_000 }, work.call.signal);
    return parseHashes(stdout).get(file) === files[`vault/${version}/${indexName}`]?.sha256;
  });
}

interface Making {
  readonly work: RsyncWork;
  readonly collected: Collected;
  readonly digest: string;
  readonly recipients: readonly string[];
}

async function makeVersion(host: Host, { work, collected, digest, recipients }: Making): Promise<VaultRecord> {
  const takenAt = formatInstant(nowMicros());
  const version = vaultVersion(takenAt);
  const contents = vaultContents(collected.files, { canSeal: recipients.length > 0 });
  const leftOut = [...contents.leftOut, ...collected.leftOut];
  const about = { format: 1, server: host.serverName, version, takenAt, recipients };
  const index = { ...about, files: contents.entries, leftOut };
  const tree: TarEntry[] = [
    ...(await parts(host.serverName, { contents, collected, recipients })),
    { name: indexName, content: Buffer.from(`${JSON.stringify(index, null, 1)}\n`) },
  ];
  await send(work, version, tree);
  const files = tree.map(({ name, content }): [string, VaultRecord['files'][string]] => [
    `vault/${version}/${name}`,
    { size: content.length, sha256: sha256(content) },
  ]);
  const told = {
    files: tree.length,
    bytes: tree.reduce((sum, { content }) => sum + content.length, 0),
    sealed: contents.sealed.length,
    leftOut: leftOut.slice(0, leftOutToldMax),
  };
  const record = { destination: boxText(work.box), version, digest, files: Object.fromEntries(files), told };
  await writeVaultRecord(host, record);
  return record;
}

async function parts(
  server: string,
  {
    contents,
    collected,
    recipients,
  }: { readonly contents: VaultContents; readonly collected: Collected; readonly recipients: readonly string[] },
): Promise<TarEntry[]> {
  const { clear, sealed } = contents;
  const secrets =
    sealed.length === 0 ? [] : [{ name: sealedName, content: await seal(sealed.map(unrooted), recipients) }];
  return [
    { name: 'README.txt', content: Buffer.from(vaultReadme(server, sealed.length > 0)) },
    ...collected.reports.map(([name, text]) => ({ name, content: Buffer.from(text) })),
    ...secrets,
    ...clear.map((one) => ({ name: `files${one.path}`, content: bytesOf(one) })),
  ];
}

function unrooted(file: VaultFile): TarEntry {
  return { name: file.path.slice(1), content: bytesOf(file), mode: file.mode };
}

function bytesOf({ text }: VaultFile): Buffer {
  return Buffer.from(text, 'latin1');
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The index last: where it is, the rest is. */
async function send(work: RsyncWork, version: string, tree: readonly TarEntry[]): Promise<void> {
  const { box, user, call } = work;
  const remote = `vault/${version}`;
  const argv = boxArgv(box, ['mkdir', '-p', `${box.directory}/${remote}`]);
  const made = await execute({ argv, user, timeoutMs: 120_000 }, call.signal);
  if (made.exitCode !== 0) throw reportConnection(box, made);
  await withMirrorDirectory(work, async (directory) => {
    await runForMirror(work, ['/usr/bin/tar', '--extract', '--file=-', `--directory=${directory}`], await tarOf(tree));
    const transfer = {
      direction: 'push',
      local: `${directory}/`,
      remote,
      deletes: false,
      compareContents: false,
    } as const;
    await runRsync(work, { ...transfer, filters: [`--exclude=/${indexName}`] }, 'vault');
    await runRsync(work, { ...transfer, filters: [`--include=/${indexName}`, '--exclude=*'] }, 'vault');
  });
}
