import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { archiveWal, takeBackup, waitForCleanCheck } from './barman-backup.ts';
import { createBarman } from './barman-server.ts';
import { labDown } from './down.ts';
import type { Lab } from './lab.ts';
import { newLabState, readLabState, writeLabState } from './lab-state.ts';
import type { LabState } from './lab-state.ts';
import { writeKeyHeaders } from './key-headers.ts';
import { createCluster } from './postgres-cluster.ts';
import { createPrograms } from './programs.ts';
import { archives, protectionOf, type Protection } from './protection.ts';
import { ensureRequirements, protectionPrograms } from './requirements.ts';
import { createSampleData } from './sample-data.ts';
import { requireSearchableAncestors } from './searchable.ts';
import { createLabUsers } from './users.ts';

export interface LabOptions extends Partial<Protection> {
  /** Directory that the lab makes, fills and in the end removes; it may exist only if it is empty. */
  readonly dir: string;
  /** Approximate size of the table `filler` in MB; by default there is none. */
  readonly sizeMb?: number;
  /** Whether to make tablespace `ts1` with a table in it. */
  readonly tablespace?: boolean;
  /** Called as each part begins. */
  readonly onProgress?: (part: string) => void;
}

/** Builds a lab and returns when all of it is ready; a failure takes down what was built. */
export async function labUp(options: LabOptions): Promise<Lab> {
  const dir = path.resolve(options.dir);
  // What the configuration files of PostgreSQL and Barman, and the commands in them, take without quoting.
  if (!/^[A-Za-z0-9/._+@=,-]+$/.test(dir)) {
    throw new Error(`cannot build a lab in '${dir}': use only letters, digits and / . _ + @ = , - in its path`);
  }
  const protection = protectionOf(options);
  await ensureRequirements({ programs: protectionPrograms(protection) });
  const state = await claimDirectory(dir);
  try {
    return await build(state, options, protection);
  } catch (error) {
    const logs = await logTails(dir);
    await labDown(dir);
    throw new Error(`cannot build the lab in ${dir}: ${(error as Error).message}${logs}`, { cause: error });
  }
}

async function build(state: LabState, options: LabOptions, protection: Protection): Promise<Lab> {
  const begin = options.onProgress ?? (() => {});
  const users = await createLabUsers(state);
  begin('PostgreSQL');
  const tablespaceDir = options.tablespace === true ? path.join(state.dir, 'pg', 'ts1') : null;
  const postgres = { ...(await createCluster(state, users, { archiving: archives(protection) })), tablespaceDir };
  begin('sample data');
  await createSampleData(postgres, { sizeMb: options.sizeMb ?? 0, tablespaceDir });
  begin('Barman');
  const barman = await createBarman(state, { users, postgres, protection });
  begin('first base backup');
  // Barman refuses a backup of a server that has never sent it a whole segment.
  await archiveWal({ postgres, barman });
  await takeBackup({ postgres, barman });
  await waitForCleanCheck(barman);
  begin('api and agent');
  const hasApi = existsSync(new URL('../../packages/api/src/main.ts', import.meta.url));
  const programs = hasApi
    ? await createPrograms(state, users, { postgres, barman })
    : {
        api: { url: '', keys: { viewer: '', operator: '', approver: '', admin: '' } },
        agent: { url: '', configFile: '' },
      };
  const lab: Lab = { id: state.id, dir: state.dir, server: 'main', ...programs, postgres, barman };
  await writeKeyHeaders(lab);
  // It holds API keys.
  await writeFile(path.join(state.dir, 'lab.json'), `${JSON.stringify(lab, null, 2)}\n`, { mode: 0o600 });
  return lab;
}

async function claimDirectory(dir: string): Promise<LabState> {
  if (process.geteuid?.() === 0) await requireSearchableAncestors(dir);
  if ((await readLabState(dir)) !== undefined) {
    throw new Error(`cannot build a lab in ${dir}: there is one; take it down first: npm run lab -- down --dir ${dir}`);
  }
  await mkdir(dir, { recursive: true, mode: 0o755 });
  if ((await readdir(dir)).length > 0) {
    throw new Error(
      `cannot build a lab in ${dir}: the directory is not empty; name one that is empty or does not exist`,
    );
  }
  await chmod(dir, 0o755);
  const state = newLabState(dir);
  await writeLabState(state);
  return state;
}

async function logTails(dir: string): Promise<string> {
  const files = ['postgresql', 'barman-cron', 'sshd-barman', 'sshd-postgres'].map((name) => `log/${name}.log`);
  const tails = [...files, 'barman/barman.log'].map(async (name) => {
    const text = await readFile(path.join(dir, name), 'utf8').catch(() => '');
    return text === '' ? '' : `\n--- end of ${name}\n${text.trimEnd().split('\n').slice(-15).join('\n')}`;
  });
  return (await Promise.all(tails)).join('');
}
