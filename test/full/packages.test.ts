import { copyFile, mkdir, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { provideTree, type TreeKind } from '../../scripts/debian/provide-tree.ts';
import { whyNotDebian13 } from '../../scripts/debian/run-debian-13.ts';
import { removeTree, runInTree } from '../../scripts/debian/run-in-tree.ts';
import { makePackages } from '../../scripts/package.ts';
import { ensureRequirements } from '../lab/requirements.ts';
import { needsDebianTree } from '../support/needs-root.ts';
import { upgradeUnderJob } from '../support/upgraded-agent.ts';

const signal = new AbortController().signal;

let out: string | undefined;
let debs: string[] = [];

beforeAll(async () => {
  if (whyNotDebian13() !== undefined) return;
  await ensureRequirements({ programs: { debootstrap: 'debootstrap', unshare: 'util-linux' } });
  out = await mkdtemp('/var/tmp/barback-packages-');
  debs = (await makePackages(out)).filter((file) => file.endsWith('.deb'));
});
afterAll(() => (out === undefined ? undefined : rm(out, { recursive: true, force: true })));

describe.each<TreeKind>(
  (['bookworm', 'trixie'] as const).map((suite) => ({
    suite,
    name: 'packages',
    packages: ['systemd', 'lintian', 'man-db'],
  })),
)('the packages on Debian $suite', (kind) => {
  let tree: string | undefined;

  beforeEach(needsDebianTree);
  beforeAll(async () => {
    if (whyNotDebian13() !== undefined) return;
    tree = await provideTree(kind, signal, () => undefined);
    await mkdir(inside('srv/debs'));
    for (const file of debs) await copyFile(file, inside('srv/debs', path.basename(file)));
  });
  afterAll(() => (tree === undefined ? undefined : removeTree(tree)));

  const inside = (...parts: readonly string[]): string => path.join(tree ?? '', ...parts);

  /** Runs a program in the tree; answers its exit code and what it printed. */
  async function inTree(...argv: readonly string[]): Promise<{ code: number; said: string }> {
    const file = path.join(out ?? '', `said-${kind.suite}`);
    const handle = await open(file, 'w');
    try {
      const code = await runInTree(inside(), argv, { signal, output: handle.fd });
      return { code, said: await readFile(file, 'utf8') };
    } finally {
      await handle.close();
    }
  }

  const placed = (): string[] => debs.map((file) => `/srv/debs/${path.basename(file)}`);

  test('are installed with all that they need, and have no errors of lintian', async () => {
    const installed = await inTree('apt-get', 'install', '-y', '--no-install-recommends', ...placed());
    expect([installed.code, installed.said.slice(-500)]).toEqual([0, expect.any(String)]);
    const users = await inTree('getent', 'passwd', 'barback-gateway', 'barback-api');
    expect(users.code).toBe(0);
    const judged = await inTree('lintian', '--allow-root', '--fail-on', 'error', ...placed());
    expect([judged.code, judged.said]).toEqual([0, expect.not.stringContaining('E:')]);
  });

  test('have units that systemd accepts, and programs that run as they are', async () => {
    const units = ['barback-executor', 'barback-gateway', 'barback-api'].map(
      (unit) => `/usr/lib/systemd/system/${unit}.service`,
    );
    const verified = await inTree('systemd-analyze', 'verify', '--man=yes', ...units);
    expect([verified.code, verified.said.split('\n').filter((line) => line.includes('barback'))]).toEqual([0, []]);
    const exposed = await inTree('systemd-analyze', 'security', '--offline=true', '--threshold=25', ...units.slice(1));
    expect([exposed.code, exposed.said.slice(-300)]).toEqual([0, expect.any(String)]);
    const checked = await inTree(
      'barback-agent',
      'check-config',
      '--config',
      '/usr/share/doc/barback-agent/examples/agent.yaml',
    );
    expect(checked.said).toContain('agent.yaml is good');
    // Node, the native part of SQLite and the migrations.
    await copyFile(inside('usr/share/doc/barback-api/examples/api.yaml'), inside('srv/api.yaml'));
    await mkdir(inside('var/lib/barback-api'), { recursive: true });
    await mkdir(inside('etc/barback'), { recursive: true });
    const own = ['/var/lib/barback-api', '/etc/barback', '/srv/api.yaml'];
    expect((await inTree('chown', 'barback-api:', ...own)).code).toBe(0);
    const made = await inTree('barback-api', 'init', '--config', '/srv/api.yaml');
    expect([made.code, made.said]).toEqual([0, expect.stringContaining('"publicKey"')]);
    // Typed by root, and yet nothing of it is root's.
    const whose = await inTree('stat', '--format=%U', '/var/lib/barback-api/barback.db');
    expect(whose.said.trim()).toBe('barback-api');
  });

  test('are upgraded under a job, which goes on to its own end and is found again', async () => {
    const { before, after, dpkg } = await upgradeUnderJob(inside(), inTree);
    expect(dpkg).toMatch(/^0 /);
    expect([before.state, after.state]).toEqual(['running', 'succeeded']);
  });

  test('are installed again over themselves, and purged without a trace but the users', async () => {
    expect((await inTree('dpkg', '-i', ...placed())).code).toBe(0);
    expect(await readdir(inside('var/lib/barback-api'))).toContain('barback.db');
    const purged = await inTree('dpkg', '--purge', 'barback-agent', 'barback-api');
    expect([purged.code, purged.said]).toEqual([0, expect.not.stringContaining('not empty')]);
    for (const place of ['usr/lib', 'usr/bin', 'var/lib', 'usr/lib/systemd/system']) {
      const left = (await readdir(inside(place))).filter((name) => name.startsWith('barback'));
      expect([place, left]).toEqual([place, []]);
    }
  });
});
