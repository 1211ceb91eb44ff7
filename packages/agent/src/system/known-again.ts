import { readFile } from 'node:fs/promises';

/** What is remembered of a file or directory, to know it again; null: it was not made yet. */
export interface Remembered {
  readonly device: string | null;
  readonly inode: string | null;
}

/**
 * Whether what was found is what is remembered. Its filesystem may have another number by then: LVM and loop devices are numbered as they are
 * found, btrfs and ZFS as they are mounted. So where nothing is mounted any more that has the remembered number, the inode decides.
 */
export async function isKnownAgain(
  remembered: Remembered | null | undefined,
  found: { readonly device: string; readonly inode: string } | undefined,
): Promise<boolean> {
  if (!remembered || !found || remembered.device === null || remembered.inode !== found.inode) return false;
  if (remembered.device === found.device) return true;
  return !mountedDevices(await readFile('/proc/self/mountinfo', 'utf8')).has(remembered.device);
}

/** Device numbers in the text of /proc/PID/mountinfo (proc(5): third field, MAJOR:MINOR), as stat(2) has them. Pure. */
export function mountedDevices(mountinfo: string): Set<string> {
  const found = [...mountinfo.matchAll(/^\d+ \d+ (\d+):(\d+) /gm)];
  return new Set(found.map(([, major, minor]) => deviceNumber(BigInt(major ?? 0), BigInt(minor ?? 0))));
}

/** As glibc puts them together (sys/sysmacros.h, gnu_dev_makedev). */
function deviceNumber(major: bigint, minor: bigint): string {
  const low = (minor & 0xffn) | ((major & 0xfffn) << 8n);
  return String(low | ((minor & ~0xffn) << 12n) | ((major & ~0xfffn) << 32n));
}
