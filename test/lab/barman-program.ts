import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type BarmanRelease, isAtLeast, parseBarmanRelease } from './barman-release.ts';
import type { Protection } from './protection.ts';
import { findProgram } from './requirements.ts';
import { mustRun } from './run-command.ts';
import { unpackPackages } from './unpacked-packages.ts';
import { compressionModule } from './wal-compression.ts';

export interface BarmanProgram {
  /** What starts it, without its configuration. */
  readonly argv: readonly string[];
  readonly release: BarmanRelease;
}

const PYTHON = '/usr/bin/python3';
const MODULES = 'usr/lib/python3/dist-packages';

/** The Barman that was asked for, with the modules that its WAL compression imports; none of it is installed. */
export async function findBarman(asked: Pick<Protection, 'barman' | 'walCompression'>): Promise<BarmanProgram> {
  const system = [(await findProgram('barman')) ?? 'barman'];
  const installed = await releaseOf(system);
  const beside = asked.barman === '3.13' && !isAtLeast(installed, 3, 13) ? await unpackBarman() : undefined;
  const release = beside === undefined ? installed : await releaseOf(withModules(beside.argv, beside.modules));
  const module = compressionModule(asked.walCompression, release);
  const modules = [...(beside?.modules ?? []), ...(await unpackModule(module))];
  return { argv: withModules(beside?.argv ?? system, modules), release };
}

/** Barman of Debian 13: it is Python, and runs on that of Debian 12 too (seen with 3.13.3 on Python 3.11). */
async function unpackBarman(): Promise<{ argv: string[]; modules: string[] }> {
  const tree = await unpackPackages({ suite: 'trixie', packages: ['barman', 'python3-barman'] });
  return { argv: [PYTHON, path.join(tree, 'usr/bin/barman')], modules: [path.join(tree, MODULES)] };
}

/** Where a module is that this machine's Python lacks; it must be built for that Python, so it is this release's. */
async function unpackModule(packageName: string | undefined): Promise<string[]> {
  if (packageName === undefined) return [];
  const installed = path.join('/', MODULES, packageName.replace(/^python3-/, ''));
  const isThere = await access(installed).then(
    () => true,
    () => false,
  );
  if (isThere) return [];
  const tree = await unpackPackages({ suite: await codename(), packages: [packageName] });
  return [path.join(tree, MODULES)];
}

/** An argv that needs no shell to set the variable. */
function withModules(argv: readonly string[], modules: readonly string[]): string[] {
  return modules.length === 0 ? [...argv] : ['/usr/bin/env', `PYTHONPATH=${modules.join(':')}`, ...argv];
}

async function releaseOf(argv: readonly string[]): Promise<BarmanRelease> {
  return parseBarmanRelease(await mustRun([...argv, '--version']));
}

/** Codename of the Debian that runs here. */
export async function codename(): Promise<string> {
  const found = /^VERSION_CODENAME=(\w+)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1];
  if (found === undefined) throw new Error('cannot find VERSION_CODENAME in /etc/os-release');
  return found;
}
