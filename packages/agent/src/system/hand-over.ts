import { fchmodSync, fchownSync, lchownSync, lstatSync } from 'node:fs';
import { refused, walkTree, type Root, type TreeEntry } from './walk-tree.ts';

/** Who owns a tree afterwards, and with which modes. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
  readonly directoryMode: number;
  readonly fileMode: number;
}

export interface TreeRules {
  readonly owner: Owner;
  /** Whose files may be there before. */
  readonly from: number;
  /** Whether a symbolic link of that name may say that. */
  mayLink(name: string, target: string): boolean;
  /** Names with modes and links of their own: live's configuration. */
  isForeign(name: string): boolean;
}

const specialBits = 0o7000;

/**
 * Gives a tree to another user, entry by entry through open handles: nobody can put something else of the host in the place of
 * an entry meanwhile. A file with a second name is refused, because that name may be anybody's.
 */
export async function handOver(
  root: Root,
  rules: TreeRules,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<{ files: number }> {
  let bytes = 0;
  return walkTree(root, signal, (entry) => {
    if (entry.kind === 'link') {
      takeLink(entry, rules);
      return;
    }
    const { stats } = entry;
    if (stats === null) return;
    if (stats.uid !== rules.from && stats.uid !== rules.owner.uid) {
      throw refused(entry.name, `it belongs to user id ${stats.uid}`);
    }
    if (entry.kind === 'file') refuseSpecial(entry, stats);
    if (stats.uid !== rules.owner.uid || stats.gid !== rules.owner.gid) {
      fchownSync(entry.fd, rules.owner.uid, rules.owner.gid);
    }
    const mode = entry.kind === 'directory' ? rules.owner.directoryMode : rules.owner.fileMode;
    if ((stats.mode & 0o7777) !== mode && !rules.isForeign(entry.name)) fchmodSync(entry.fd, mode);
    bytes += stats.size;
    onBytes(bytes);
  });
}

/** Looks at the whole tree once more, when its former owner cannot reach it any more. */
export async function verifyOwner(root: Root, rules: TreeRules, signal: AbortSignal): Promise<{ files: number }> {
  const { owner } = rules;
  return walkTree(root, signal, (entry) => {
    if (entry.kind === 'link') {
      if (!rules.isForeign(entry.name)) requireLink(entry, rules);
      return;
    }
    const { stats } = entry;
    if (stats === null) return;
    if (stats.uid !== owner.uid) throw refused(entry.name, `it belongs to user id ${stats.uid} again`);
    if (entry.kind === 'file') refuseSpecial(entry, stats);
    const mode = entry.kind === 'directory' ? owner.directoryMode : owner.fileMode;
    if (!rules.isForeign(entry.name) && (stats.mode & 0o7777) !== mode) {
      throw refused(entry.name, `its mode is ${(stats.mode & 0o7777).toString(8)} again`);
    }
    if ((stats.mode & 0o002) !== 0) throw refused(entry.name, 'everybody may write to it');
  });
}

function refuseSpecial(entry: TreeEntry, stats: { readonly nlink: number; readonly mode: number }): void {
  if (stats.nlink !== 1) throw refused(entry.name, `the file has ${stats.nlink} names`);
  if ((stats.mode & specialBits) !== 0) throw refused(entry.name, `its mode is ${(stats.mode & 0o7777).toString(8)}`);
}

function takeLink(entry: TreeEntry, rules: TreeRules): void {
  if (rules.isForeign(entry.name)) return;
  requireLink(entry, rules);
  if (lstatSync(entry.path).uid !== rules.owner.uid) lchownSync(entry.path, rules.owner.uid, rules.owner.gid);
}

function requireLink({ name, target }: TreeEntry, rules: TreeRules): void {
  if (target === null || !rules.mayLink(name, target)) throw refused(name, `it is a symbolic link to ${target}`);
}
