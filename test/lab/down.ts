import { glob, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { endLabProcesses } from './lab-processes.ts';
import type { LabState } from './lab-state.ts';
import { readLabState } from './lab-state.ts';
import { runCommand } from './run-command.ts';
import { removeLabUsers } from './users.ts';

/** Takes down whatever is left of the lab in `dir`; where nothing is left, does nothing. */
export async function labDown(dir: string): Promise<void> {
  const at = path.resolve(dir);
  const state = await readLabState(at);
  if (state === undefined) {
    const left = await readdir(at).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    if (left.length > 0) throw new Error(`cannot take down ${at}: it holds files but no state.json, so it is no lab`);
    return;
  }
  if (state.dir !== at) throw new Error(`cannot take down ${at}: its state.json describes the lab in ${state.dir}`);
  if (state.uid !== process.geteuid?.()) {
    throw new Error(`cannot take down ${at}: user id ${state.uid} made it; run this as that user`);
  }
  await endLabProcesses(state);
  await removeSharedMemory(state.dir);
  if (state.cluster !== null) await dropDebianCluster(state.cluster);
  await removeLabUsers(state.users);
  if (state.outsideSocketDir !== null) await rm(state.outsideSocketDir, { recursive: true, force: true });
  await removeDirectory(state);
}

/** A server that was killed leaves its System V segment, whose key and id are in the `postmaster.pid` it also leaves. */
async function removeSharedMemory(dir: string): Promise<void> {
  const segments = (await readFile('/proc/sysvipc/shm', 'utf8').catch(() => '')).split('\n').slice(1);
  for await (const file of glob('pg/{*,*/*}/postmaster.pid', { cwd: dir })) {
    const [key, id] = (await readFile(path.join(dir, file), 'utf8')).split('\n')[6]?.trim().split(/\s+/) ?? [];
    const left = segments.map((line) => line.trim().split(/\s+/)).find((one) => one[0] === key && one[1] === id);
    if (id !== undefined && left?.[6] === '0') await runCommand(['ipcrm', '--shmem-id', id]);
  }
}

async function dropDebianCluster(cluster: { version: number; name: string }): Promise<void> {
  const { version, name } = cluster;
  await runCommand(['pg_dropcluster', '--stop', String(version), name]);
  // Where the data directory is damaged or was never made, pg_dropcluster refuses: the rest is removed by name.
  const rest = [
    `/etc/postgresql/${version}/${name}`,
    `/var/log/postgresql/postgresql-${version}-${name}.log`,
    `/var/run/postgresql/${version}-${name}.pid`,
  ];
  for (const file of rest) await rm(file, { recursive: true, force: true });
}

async function removeDirectory(state: LabState): Promise<void> {
  // state.json goes last, so that an interrupted removal can be repeated.
  for (const name of await readdir(state.dir)) {
    if (name !== 'state.json') await rm(path.join(state.dir, name), { recursive: true, force: true, maxRetries: 5 });
  }
  await rm(path.join(state.dir, 'state.json'), { force: true });
  await rmdir(state.dir);
}
