import { readFile } from 'node:fs/promises';
import type { LabState } from './lab-state.ts';
import { writeLabState } from './lab-state.ts';
import { poll } from './poll.ts';
import { runCommand } from './run-command.ts';

/** Operating-system users of one lab; undefined where everything runs as the caller. */
export interface LabUsers {
  readonly postgres: string | undefined;
  readonly barman: string | undefined;
  /** Own user of the api program. */
  readonly api: string | undefined;
  /** Own user of the agent's gateway program. */
  readonly gateway: string | undefined;
}

/** As root: makes this lab's own users for the programs; PostgreSQL and Barman keep those of their packages. */
export async function createLabUsers(state: LabState): Promise<LabUsers> {
  if (state.uid !== 0) return { postgres: undefined, barman: undefined, api: undefined, gateway: undefined };
  const api = `${state.id}-api`;
  const gateway = `${state.id}-gateway`;
  state.users = [api, gateway];
  await writeLabState(state);
  for (const name of state.users) {
    await changeUsers([
      'useradd',
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/usr/sbin/nologin',
      name,
    ]);
  }
  return { postgres: 'postgres', barman: 'barman', api, gateway };
}

/** Removes those of `names` that exist, with their groups. */
export async function removeLabUsers(names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (await isListed('/etc/passwd', name)) await changeUsers(['userdel', name]);
    if (await isListed('/etc/group', name)) await changeUsers(['groupdel', name]);
  }
}

async function isListed(file: string, name: string): Promise<boolean> {
  return (await readFile(file, 'utf8')).split('\n').some((line) => line.startsWith(`${name}:`));
}

/** useradd and userdel give up at once when another process holds the lock, and labs are made side by side. */
async function changeUsers(argv: readonly string[]): Promise<void> {
  let said = '';
  await poll(
    () => `${argv.join(' ')}: ${said}`,
    30_000,
    async () => {
      const result = await runCommand(argv);
      if (result.code === 0) return true;
      said = result.stderr.trim();
      if (/cannot lock|try again later/i.test(said)) return undefined;
      throw new Error(`cannot complete: ${argv.join(' ')}: ${said}`);
    },
  );
}
