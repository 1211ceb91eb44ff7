import { handOver, verifyOwner, type Owner, type TreeRules } from '../system/hand-over.ts';
import { targetIdentity } from '../system/directory-tree.ts';
import { lookUpUser } from '../system/users.ts';
import type { Root } from '../system/walk-tree.ts';
import type { Call, Host } from './handler.ts';
import { scratchUser } from './scratch-place.ts';
import { directoriesBeside, type OwnedDirectory, type ScratchRecord } from './scratch-record.ts';

/** The trees that make up a sealed copy, and who owns them in the end. */
export interface SealedTrees {
  readonly data: Root;
  readonly outside: readonly Root[];
  readonly owner: Owner;
  readonly from: number;
  readonly record: ScratchRecord;
}

export async function sealedTrees(host: Host, record: ScratchRecord): Promise<SealedTrees> {
  if (record.sealed === null) throw new Error('cannot hand over a copy that was not moved');
  return {
    data: rootOf(record.sealed),
    outside: directoriesBeside(record).map(rootOf),
    owner: await ownerOf(host),
    from: (await lookUpUser(scratchUser(host))).uid,
    record,
  };
}

/** First pass: everything becomes PostgreSQL's. The data directory's own mode first closes the way for who had it open by name. */
export async function handOverTrees(
  trees: SealedTrees,
  carried: readonly string[],
  call: Call,
  totalBytes: number | null,
) {
  let before = 0;
  for (const root of [trees.data, ...trees.outside]) {
    let here = 0;
    await handOver(root, rulesOf(trees, root, carried), call.signal, (bytes) => {
      here = bytes;
      call.progress('owner', before + bytes, totalBytes);
    });
    before += here;
  }
}

/** Second pass, when nobody else can reach the trees: what was slipped in behind the first one is found now. */
export async function verifyTrees(trees: SealedTrees, carried: readonly string[], call: Call): Promise<number> {
  let files = 0;
  for (const root of [trees.data, ...trees.outside]) {
    files += (await verifyOwner(root, rulesOf(trees, root, carried), call.signal)).files;
  }
  return files;
}

function rulesOf(trees: SealedTrees, root: Root, carried: readonly string[]): TreeRules {
  const isData = root === trees.data;
  const foreign = new Set(carried);
  return {
    owner: trees.owner,
    from: trees.from,
    mayLink: (name, target) => isData && isOwnLink(trees.record, name, target),
    isForeign: (name) => isData && foreign.has(name.split('/')[0] ?? ''),
  };
}

/** The two kinds of links that PostgreSQL has, to the directories that were made for this copy. */
function isOwnLink({ tablespaces, wal }: ScratchRecord, name: string, target: string): boolean {
  if (name === 'pg_wal') return target === wal?.path;
  return /^pg_tblspc\/\d+$/.test(name) && tablespaces.some((one) => one.path === target);
}

function rootOf({ path, device, inode }: OwnedDirectory): Root {
  if (device === null || inode === null) throw new Error(`cannot hand over ${path}: it was not made`);
  return { path, device, inode };
}

/** Modes as live has them: a cluster may let its group read (initdb --allow-group-access). */
async function ownerOf(host: Host): Promise<Owner> {
  const user = await lookUpUser(host.server.postgres.user ?? null);
  const live = await targetIdentity(host.server.postgres.dataDirectory);
  const forGroup = live !== undefined && live.uid === user.uid && (live.mode & 0o777) === 0o750;
  const gid = forGroup ? live.gid : user.gid;
  return { uid: user.uid, gid, directoryMode: forGroup ? 0o750 : 0o700, fileMode: forGroup ? 0o640 : 0o600 };
}
