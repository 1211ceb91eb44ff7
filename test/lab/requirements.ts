import { access, mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { needsSsh, type Protection, type WalCompression } from './protection.ts';
import { mustRun } from './run-command.ts';

export interface RequirementOptions {
  /** Where to look for barman, rsync and the others. */
  readonly searchPath?: readonly string[];
  /** Programs that are needed besides, each with its Debian package. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Debian's directory with one directory per PostgreSQL version. */
  readonly postgresRoot?: string;
  /** Whether packages may be installed; by default only as root. */
  readonly mayInstall?: boolean;
}

const POSTGRES_ROOT = '/usr/lib/postgresql';
const SEARCH_PATH = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];
const PROGRAMS: Readonly<Record<string, string>> = {
  barman: 'barman',
  rsync: 'rsync',
  curl: 'curl',
  openssl: 'openssl',
  setpriv: 'util-linux',
};
/** The agent unpacks WAL with the same programs that Barman's filters pack it with. */
const COMPRESSION_PROGRAMS: Readonly<Record<WalCompression, Readonly<Record<string, string>>>> = {
  none: {},
  gzip: { gzip: 'gzip' },
  bzip2: { bzip2: 'bzip2' },
  xz: { xz: 'xz-utils' },
  zstd: { zstd: 'zstd' },
  lz4: { lz4: 'lz4' },
};
/** Not sshd: its package would start one for the whole machine, so the lab unpacks it where the machine has none. */
const SSH_PROGRAMS: Readonly<Record<string, string>> = {
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  rrsync: 'rsync',
};
const NO_CLUSTER_DIR = '/etc/postgresql-common/createcluster.d';

/** The newest installed PostgreSQL server, or undefined. */
export async function newestPostgres(root = POSTGRES_ROOT): Promise<{ version: number; binDir: string } | undefined> {
  const names = await readdir(root).catch(() => [] as string[]);
  const versions = names.filter((name) => /^\d+$/.test(name)).map(Number);
  for (const version of versions.toSorted((a, b) => b - a)) {
    const binDir = path.join(root, String(version), 'bin');
    if (await exists(path.join(binDir, 'initdb'))) return { version, binDir };
  }
  return undefined;
}

/** The path of one of the programs that `ensureRequirements` looks for. */
export async function findProgram(
  name: string,
  searchPath: readonly string[] = SEARCH_PATH,
): Promise<string | undefined> {
  for (const dir of searchPath) if (await exists(path.join(dir, name))) return path.join(dir, name);
  return undefined;
}

/** Programs that a lab needs for the way it is protected. */
export function protectionPrograms(protection: Protection): Record<string, string> {
  return { ...COMPRESSION_PROGRAMS[protection.walCompression], ...(needsSsh(protection) ? SSH_PROGRAMS : {}) };
}

/** Debian packages that a lab needs and this machine lacks. */
export async function missingPackages(options: RequirementOptions = {}): Promise<string[]> {
  const missing: string[] = [];
  if ((await newestPostgres(options.postgresRoot)) === undefined) missing.push('postgresql');
  for (const [program, packageName] of Object.entries({ ...PROGRAMS, ...options.programs })) {
    if ((await findProgram(program, options.searchPath)) === undefined) missing.push(packageName);
  }
  return [...new Set(missing)];
}

/** The one command that installs `packages` without starting a cluster. */
export function installCommand(packages: readonly string[]): string {
  const install = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (!packages.includes('postgresql')) return `sudo sh -c 'apt-get update && ${install}'`;
  // postgresql-common alone makes no cluster, and brings the directory whose setting keeps the server package from making one.
  return (
    `sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends postgresql-common && ` +
    `mkdir -p ${NO_CLUSTER_DIR} && echo create_main_cluster=false > ${NO_CLUSTER_DIR}/barback.conf && ${install}'`
  );
}

/** Makes sure that PostgreSQL's server, Barman, rsync, openssl and setpriv are there: installs them as root, otherwise names the command. */
export async function ensureRequirements(options: RequirementOptions = {}): Promise<void> {
  const missing = await missingPackages(options);
  if (missing.length === 0) return;
  if (!(options.mayInstall ?? process.geteuid?.() === 0)) {
    throw new Error(`cannot build a lab without ${missing.join(', ')}; run this once:\n${installCommand(missing)}`);
  }
  await install(missing);
  const still = await missingPackages(options);
  if (still.length > 0) throw new Error(`cannot find ${still.join(', ')} after installing; look at apt-get's output`);
}

async function install(packages: readonly string[]): Promise<void> {
  const lists = await readdir('/var/lib/apt/lists').catch(() => [] as string[]);
  if (!lists.some((name) => name.endsWith('_Packages') || name.endsWith('_Packages.lz4'))) await apt(['update']);
  if (!packages.includes('postgresql')) return aptInstall(packages);
  await aptInstall(['postgresql-common']);
  const made = await mkdir(NO_CLUSTER_DIR, { recursive: true });
  const setting = path.join(NO_CLUSTER_DIR, 'barback-lab.conf');
  await writeFile(setting, 'create_main_cluster = false\n');
  try {
    await aptInstall(packages);
  } finally {
    // The setting was ours, not the machine's: later installations decide for themselves.
    await rm(setting, { force: true });
    if (made !== undefined) await rmdir(NO_CLUSTER_DIR).catch(() => {});
  }
}

function aptInstall(packages: readonly string[]): Promise<void> {
  return apt(['install', '-y', '--no-install-recommends', ...packages]);
}

async function apt(args: readonly string[]): Promise<void> {
  // Stale lists name versions that the mirror no longer has: one refresh, one more try.
  const argv = ['apt-get', '-q', '-o', 'DPkg::Lock::Timeout=120', ...args];
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, limitMs: 900_000 };
  await mustRun(argv, options).catch(async (error: unknown) => {
    if (args[0] === 'update') throw error;
    await mustRun(['apt-get', '-q', 'update'], options);
    await mustRun(argv, options);
  });
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
