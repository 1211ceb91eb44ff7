import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { labDown } from '../lab/down.ts';
import type { Lab } from '../lab/lab.ts';
import { mustRun } from '../lab/run-command.ts';
import { labUp } from '../lab/up.ts';

/** The floor that the lab's agent is configured with, and a little less than it. */
const floorBytes = 64 * 1024 * 1024;
const leaveFree = floorBytes - 16 * 1024 * 1024;

/** A lab on such a disk. */
export async function withSmallDisk(work: (lab: Lab, fill: () => Promise<string>) => Promise<void>): Promise<void> {
  const disk = await smallDisk();
  const place = path.join(disk.mount, 'lab');
  try {
    await work(await labUp({ dir: place, sizeMb: 64 }), disk.fill);
  } finally {
    await labDown(place);
    await disk.remove();
  }
}

/** A filesystem of its own, which somebody else fills up to below the floor; the answer is the file to remove. */
export async function smallDisk(): Promise<{
  readonly mount: string;
  readonly fill: () => Promise<string>;
  readonly remove: () => Promise<void>;
}> {
  const mount = await mkdtemp('/var/tmp/barback-disk-');
  await mustRun(['mount', '-t', 'tmpfs', '-o', 'size=1500m,mode=0755', 'tmpfs', mount]);
  return {
    mount,
    fill: () => fill(mount),
    async remove() {
      await mustRun(['umount', mount]);
      await rm(mount, { recursive: true });
    },
  };
}

async function fill(mount: string): Promise<string> {
  const { bavail, bsize } = await statfs(mount);
  const directory = path.join(mount, 'somebody-else');
  await mkdir(directory);
  const file = path.join(directory, 'ballast');
  await mustRun(['fallocate', '-l', String(bavail * bsize - leaveFree), file]);
  return file;
}
