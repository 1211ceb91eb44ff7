import { randomBytes } from 'node:crypto';
import { access, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mustRun } from './run-command.ts';

/** Packages of one release of Debian, which need not be the one that runs here. */
export interface PackageSet {
  /** Codename of the release, for example `trixie`. */
  readonly suite: string;
  readonly packages: readonly string[];
}

const DEBIAN_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const FALLBACK_MIRROR = 'http://deb.debian.org/debian';
/** Its last line is written when everything else is there. */
const LIST = 'files.txt';

/** The directory in which a user's labs keep what is downloaded once: owned by that user, writable by nobody else. */
export async function cacheDirectory(): Promise<string> {
  const uid = process.geteuid?.() ?? 0;
  const dir = cacheOf(uid);
  await mkdir(dir, { mode: 0o755 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  if (await isOwned(dir, uid)) return dir;
  throw new Error(`cannot use ${dir}: it is not a directory that only user id ${uid} can write; remove it`);
}

/** Unpacks packages of Debian into a directory of their own and returns it; nothing is installed or started. */
export async function unpackPackages(set: PackageSet): Promise<string> {
  const name = `${set.suite}-${set.packages.join('+')}`;
  // What root has unpacked serves everybody.
  const shared = path.join(cacheOf(0), name);
  if ((await isOwned(cacheOf(0), 0)) && (await isComplete(shared))) return shared;
  const cache = await cacheDirectory();
  const target = path.join(cache, name);
  if (await isComplete(target)) return target;
  const building = path.join(cache, `building-${process.pid}-${randomBytes(3).toString('hex')}`);
  try {
    await removeAbandoned(cache);
    await mkdir(building, { mode: 0o755 });
    await fill(building, set);
    // Two labs may do this at once: the second finds a complete directory and throws its own away.
    if (!(await isComplete(target))) {
      await rm(target, { recursive: true, force: true });
      await rename(building, target).catch(async (error: unknown) => {
        if (!(await isComplete(target))) throw error;
      });
    }
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return target;
}

/** Where an unpacked program finds the libraries that were unpacked with it, for LD_LIBRARY_PATH. */
export async function librariesIn(tree: string): Promise<string> {
  const files = (await readdir(tree, { recursive: true })).filter((file) => /\.so\.\d+$/.test(file));
  return [...new Set(files.map((file) => path.join(tree, path.dirname(file))))].join(':');
}

function cacheOf(uid: number): string {
  return path.join('/var/tmp', `barback-cache-${uid}`);
}

/** Its name can be guessed: somebody else could have made it and put programs there. */
async function isOwned(dir: string, uid: number): Promise<boolean> {
  const info = await lstat(dir).catch(() => undefined);
  return info !== undefined && info.isDirectory() && info.uid === uid && (info.mode & 0o022) === 0;
}

/** The mirror that this machine's apt takes Debian from, so that its own choice of mirror and proxy holds here too. */
export async function debianMirror(): Promise<string> {
  const format = '$(ORIGIN) $(COMPONENT) $(REPO_URI)';
  const listed = await mustRun(['apt-get', 'indextargets', '--format', format, 'Created-By: Packages']).catch(() => '');
  const found = listed.split('\n').find((line) => line.startsWith('Debian main ') && !line.includes('security'));
  return found?.split(' ')[2] ?? FALLBACK_MIRROR;
}

async function fill(building: string, { suite, packages }: PackageSet): Promise<void> {
  const apt = await privateApt(path.join(building, 'apt'), suite);
  const downloads = path.join(building, 'apt', 'downloads');
  await mkdir(downloads, { mode: 0o755 });
  // apt then downloads as its own user without rights, as it does for the system.
  if (process.geteuid?.() === 0) await mustRun(['chown', '_apt:', downloads]);
  await mustRun([...apt, 'update'], { limitMs: 300_000 });
  await mustRun([...apt, 'download', ...packages], { limitMs: 300_000, cwd: downloads });
  for (const file of await readdir(downloads)) await mustRun(['dpkg', '-x', path.join(downloads, file), building]);
  await rm(path.join(building, 'apt'), { recursive: true });
  // Users who cannot write here would compile every module anew each time.
  const modules = path.join(building, 'usr', 'lib', 'python3', 'dist-packages');
  if (await exists(modules)) await mustRun(['/usr/bin/python3', '-m', 'compileall', '-q', modules]);
  const files = (await readdir(building, { recursive: true })).toSorted();
  await writeFile(path.join(building, LIST), `${files.join('\n')}\n${LIST}\n`);
}

/** apt-get with sources, lists and archives of its own; Debian's keyring verifies them, and no trust is switched off. */
async function privateApt(dir: string, suite: string): Promise<string[]> {
  const source = path.join(dir, 'debian.sources');
  for (const name of ['', 'lists/partial', 'archives/partial', 'parts']) {
    await mkdir(path.join(dir, name), { recursive: true, mode: 0o755 });
  }
  const lines = ['Types: deb', `URIs: ${await debianMirror()}`, `Suites: ${suite}`, 'Components: main'];
  await writeFile(source, `${[...lines, `Signed-By: ${DEBIAN_KEYRING}`].join('\n')}\n`);
  await writeFile(path.join(dir, 'status'), '');
  const settings: Readonly<Record<string, string>> = {
    'Dir::Etc::sourcelist': source,
    'Dir::Etc::sourceparts': path.join(dir, 'parts'),
    'Dir::Etc::preferences': path.join(dir, 'none'),
    'Dir::Etc::preferencesparts': path.join(dir, 'parts'),
    'Dir::State': dir,
    'Dir::State::lists': path.join(dir, 'lists'),
    'Dir::State::status': path.join(dir, 'status'),
    'Dir::Cache': dir,
    'Acquire::Languages': 'none',
    'Acquire::AllowInsecureRepositories': 'false',
    'APT::Get::AllowUnauthenticated': 'false',
    // Otherwise a failed download of the lists is only a warning.
    'APT::Update::Error-Mode': 'any',
  };
  return ['apt-get', '-q', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

/** Whether every file is still there: /var/tmp is cleaned of old files one by one. */
async function isComplete(dir: string): Promise<boolean> {
  const names = (await readFile(path.join(dir, LIST), 'utf8').catch(() => '')).trim().split('\n');
  if (names.at(-1) !== LIST) return false;
  const found = await Promise.all(names.map((name) => exists(path.join(dir, name))));
  return found.every(Boolean);
}

/** What a killed process was building. */
async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const pid = /^building-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !(await exists(`/proc/${pid}`))) {
      await rm(path.join(cache, name), { recursive: true, force: true });
    }
  }
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
