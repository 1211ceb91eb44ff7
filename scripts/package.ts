// Makes the Debian packages and the archives of both programs: package.ts [OUT]; into dist/packages when none is named.
import { createHash } from 'node:crypto';
import { chmod, copyFile, cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { mustRun } from '../test/lab/run-command.ts';
import { buildPrograms, type Programs } from './build.ts';
import { repositoryRoot } from './structure/repository.ts';

type Program = 'agent' | 'api';

interface Package {
  readonly program: Program;
  readonly summary: string;
  readonly description: readonly string[];
  readonly depends: string;
  readonly units: readonly string[];
}

const packages: readonly Package[] = [
  {
    program: 'agent',
    summary: 'carry out PostgreSQL restores with Barman on this host',
    description: [
      'The agent of Barback verifies signed requests of its api and carries out',
      'whitelisted operations of Barman and PostgreSQL: drills, point-in-time',
      'recovery of the live cluster with an undo, base backups, mirrors.',
    ],
    // The rest of what is spawned is essential (util-linux, coreutils, tar, libc-bin), or PostgreSQL's and Barman's own.
    depends: 'passwd, rsync, openssh-client',
    units: ['barback-executor.service', 'barback-gateway.service'],
  },
  {
    program: 'api',
    summary: 'plan PostgreSQL restores and keep their record',
    description: [
      'The api of Barback keeps plans, runs and an audit log that anybody can',
      'verify, and drives the agents on the database hosts.',
    ],
    depends: 'passwd',
    units: ['barback-api.service'],
  },
];

/** Whoever builds for others says so as Debian's own tools have it; a build for oneself is from this machine. */
const maintainer = `${process.env['DEBFULLNAME'] ?? 'Barback'} <${process.env['DEBEMAIL'] ?? 'barback@localhost'}>`;

/** Builds everything; answers the paths of what was made. */
export async function makePackages(out: string): Promise<readonly string[]> {
  const { version } = JSON.parse(await readFile(path.join(repositoryRoot, 'package.json'), 'utf8')) as {
    version: string;
  };
  const work = path.join(out, 'work');
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  const programs = await buildPrograms(path.join(work, 'programs'));
  const at = await lastChange();
  const made: string[] = [];
  for (const one of packages) {
    const tree = path.join(work, one.program);
    await layOut(tree, one, programs);
    made.push(await archiveOf(out, tree, { name: `barback-${one.program}`, version, at }));
    await addDebianFiles(tree, one, { version, at });
    made.push(await debOf(out, tree, { name: `barback-${one.program}`, version, at }));
  }
  await rm(work, { recursive: true });
  return made;
}

/** The same commit gives the same bytes. */
async function lastChange(): Promise<number> {
  const said = await mustRun(['git', '-C', repositoryRoot, 'log', '-1', '--format=%ct']).catch(() => '0');
  return Number(said.trim());
}

/** What both a package and an archive have. */
async function layOut(tree: string, { program, units }: Package, programs: Programs): Promise<void> {
  const name = `barback-${program}`;
  const library = path.join(tree, 'usr/lib', name);
  const deploy = path.join(repositoryRoot, 'deploy', program);
  await mkdir(library, { recursive: true });
  await copyFile(programs.node, path.join(library, 'node'));
  await copyFile(programs[program], path.join(library, `${program}.mjs`));
  if (program === 'api') {
    const built = path.dirname(programs.api);
    for (const part of ['drizzle', 'node_modules'])
      await cp(path.join(built, part), path.join(library, part), { recursive: true });
  }
  await put(path.join(tree, 'usr/bin', name), launcher(program), 0o755);
  for (const unit of units)
    await put(path.join(tree, 'usr/lib/systemd/system', unit), await readFile(path.join(deploy, unit)));
  await put(
    path.join(tree, 'usr/lib/sysusers.d', `${name}.conf`),
    await readFile(path.join(deploy, `${name}.sysusers`)),
  );
  const manual = gzipSync(await readFile(path.join(deploy, `${name}.1`)), { level: 9 });
  await put(path.join(tree, 'usr/share/man/man1', `${name}.1.gz`), manual);
  const documents = path.join(tree, 'usr/share/doc', name);
  await put(path.join(documents, 'copyright'), copyright);
  await put(path.join(documents, 'node-LICENSE.gz'), await nodeLicense());
  await put(path.join(documents, 'examples', `${program}.yaml`), await example(program));
  if (program === 'agent') {
    await put(path.join(documents, 'examples/cloud-init.yaml'), await readFile(path.join(deploy, 'cloud-init.yaml')));
  }
}

/** The configuration has its usual place; `--config` names another. */
function launcher(program: Program): string {
  return `#!/bin/sh
${program === 'api' ? asItsUser : ''}case " $* " in
    "  " | *" --config "* | *" --config="* | *" --help "*) exec /usr/lib/barback-${program}/node /usr/lib/barback-${program}/${program}.mjs "$@" ;;
esac
exec /usr/lib/barback-${program}/node /usr/lib/barback-${program}/${program}.mjs "$@" --config /etc/barback/${program}.yaml
`;
}

/** Nothing of the api may come to belong to root, who types its commands. */
const asItsUser = `if [ "$(id -u)" = 0 ] && getent passwd barback-api >/dev/null; then
    exec /usr/bin/setpriv --reuid barback-api --regid barback-api --init-groups -- "$0" "$@"
fi
`;

/** As the page of installation has it, where a test reads it. */
async function example(program: Program): Promise<string> {
  const page = await readFile(path.join(repositoryRoot, 'docs/install.md'), 'utf8');
  const [api = '', agent = ''] = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
  return program === 'api' ? api : agent;
}

const copyright = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Barback

Files: *
Copyright: The Barback authors
License: Apache-2.0
 On Debian systems the licence is in /usr/share/common-licenses/Apache-2.0.

Files: usr/lib/barback-*/node
Copyright: Node.js contributors and others
License: Node
 Beside this file, in node-LICENSE.gz.
`;

/** Of Node and everything that it contains, as it came with it. */
async function nodeLicense(): Promise<Buffer> {
  const runtime = path.dirname(path.dirname(process.execPath));
  return gzipSync(await readFile(path.join(runtime, 'LICENSE')), { level: 9 });
}

interface Release {
  readonly version: string;
  /** Seconds since 1970. */
  readonly at: number;
}

async function addDebianFiles(tree: string, { program, ...one }: Package, { version, at }: Release): Promise<void> {
  const name = `barback-${program}`;
  const documents = path.join(tree, 'usr/share/doc', name);
  const when = (await mustRun(['date', '--utc', '-R', `--date=@${at}`])).trim();
  const log = `${name} (${version}) unstable; urgency=medium\n\n  * See https://github.com/barback for what has changed.\n\n -- ${maintainer}  ${when}\n`;
  await put(path.join(documents, 'changelog.gz'), gzipSync(log, { level: 9 }));
  const overrides = [
    // See above.
    'bogus-mail-host',
    'bogus-mail-host-in-debian-changelog',
    // Node brings its own, as it is released.
    'embedded-library',
    'hardening-no-pie',
    'hardening-no-fortify-functions',
    'unstripped-binary-or-object',
    'shared-library-lacks-stack-section',
  ];
  await put(
    path.join(tree, 'usr/share/lintian/overrides', name),
    overrides.map((tag) => `${name}: ${tag} *\n`).join(''),
  );
  const files = await filesOf(tree);
  const bytes = (await Promise.all(files.map(async (file) => (await stat(path.join(tree, file))).size))).reduce(
    (sum, size) => sum + size,
    0,
  );
  const architecture = (await mustRun(['dpkg', '--print-architecture'])).trim();
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    `Maintainer: ${maintainer}`,
    `Installed-Size: ${Math.ceil(bytes / 1024)}`,
    `Depends: libc6 (>= 2.28), libstdc++6, ${one.depends}`,
    'Section: database',
    'Priority: optional',
    `Description: ${one.summary}`,
    ...one.description.map((line) => ` ${line}`),
    '',
  ].join('\n');
  const sums = await Promise.all(files.map(async (file) => `${md5(await readFile(path.join(tree, file)))}  ${file}\n`));
  await put(path.join(tree, 'DEBIAN/control'), control);
  await put(path.join(tree, 'DEBIAN/md5sums'), sums.join(''));
  for (const script of ['postinst', 'prerm', 'postrm']) {
    await put(
      path.join(tree, 'DEBIAN', script),
      await readFile(path.join(repositoryRoot, 'deploy', program, script)),
      0o755,
    );
  }
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** Relative, sorted. */
async function filesOf(tree: string): Promise<string[]> {
  const entries = await readdir(tree, { recursive: true, withFileTypes: true });
  return entries
    .filter((one) => one.isFile())
    .map((one) => path.relative(tree, path.join(one.parentPath, one.name)))
    .toSorted();
}

async function put(file: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o755 });
  await writeFile(file, content);
  await chmod(file, mode);
}

interface Named extends Release {
  readonly name: string;
}

async function archiveOf(out: string, tree: string, { name, version, at }: Named): Promise<string> {
  const file = path.join(out, `${name}-${version}-linux-${process.arch}.tar.xz`);
  const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', `--mtime=@${at}`];
  await mustRun(['tar', '--create', '--xz', ...same, `--file=${file}`, `--directory=${tree}`, '.'], {
    limitMs: 600_000,
    env: { XZ_OPT: '-1' },
  });
  return file;
}

async function debOf(out: string, tree: string, { name, version, at }: Named): Promise<string> {
  const architecture = (await mustRun(['dpkg', '--print-architecture'])).trim();
  const file = path.join(out, `${name}_${version}_${architecture}.deb`);
  await mustRun(['dpkg-deb', '--root-owner-group', '-Zxz', '-z1', '--build', tree, file], {
    limitMs: 600_000,
    env: { SOURCE_DATE_EPOCH: String(at) },
  });
  return file;
}

if (import.meta.main) {
  const out = path.resolve(process.argv[2] ?? path.join(repositoryRoot, 'dist/packages'));
  await mkdir(out, { recursive: true });
  for (const file of await makePackages(out)) process.stdout.write(`${file}\n`);
}
