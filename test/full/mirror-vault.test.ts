import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../lab/psql.ts';
import { mustRun } from '../lab/run-command.ts';
import { configureAgent } from '../support/agent-config.ts';
import { request } from '../support/barback-client.ts';
import { planFromMirror } from '../support/lost-host.ts';
import { mirror, mirrorPage, mirrorWell } from '../support/mirror-client.ts';
import { mirrorScene, type MirrorScene } from '../support/mirror-scene.ts';
import { needsRoot } from '../support/needs-root.ts';
import { debianProgram } from '../support/debian-program.ts';

let scene: MirrorScene;
/** A directory for the keys and secrets of the tests. */
let place: string;
let identity: string;

beforeAll(async () => {
  scene = await mirrorScene();
  place = path.join(scene.lab.dir, 'vault-secrets');
  await mkdir(place);
  identity = await generateX25519Identity();
});
afterAll(() => scene.stop());

const vaultsOnBox = async (): Promise<string[]> => (await readdir(path.join(scene.box.mirror, 'vault'))).toSorted();

async function inVault(version: string, name: string): Promise<string> {
  return readFile(path.join(scene.box.mirror, 'vault', version, name), 'utf8');
}

async function configureVault(vault: object): Promise<void> {
  await configureAgent(scene.lab, (server) => void Object.assign(server.mirror ?? {}, { vault }));
}

describe('the vault of a mirror', () => {
  test('holds what a new host needs, and gets a version when something has changed and not otherwise', async () => {
    const { lab } = scene;
    const first = await mirrorWell(lab);
    expect(first.vault).toMatchObject({ isNew: true, sealed: 0 });
    const [version = ''] = await vaultsOnBox();
    expect(version).toBe(first.vault?.version);
    const index = JSON.parse(await inVault(version, 'index.json')) as { files: { path: string }[] };
    const paths = index.files.map((one) => one.path);
    expect(paths.some((one) => one.endsWith('/postgresql.conf'))).toBe(true);
    expect(paths.some((one) => one.endsWith('/pg_hba.conf'))).toBe(true);
    expect(paths.some((one) => one.endsWith('/postgresql.auto.conf'))).toBe(true);
    expect(paths).toEqual(expect.arrayContaining([lab.barman.argv.at(-1), lab.agent.configFile, '/etc/os-release']));
    const barmanConf = await inVault(version, `files${lab.barman.argv.at(-1)}`);
    expect(barmanConf).toContain('[main]');
    expect(await inVault(version, 'packages.txt')).toMatch(/^libc-bin \S+/m);
    const facts = JSON.parse(await inVault(version, 'facts.json')) as {
      glibc: string;
      cluster: { databases: { name: string }[]; roles: { name: string }[]; extensions: Record<string, object> };
    };
    expect(facts.glibc).toMatch(/^glibc \d/);
    expect(facts.cluster.databases.map((one) => one.name)).toContain('system');
    expect(facts.cluster.roles.map((one) => one.name)).toContain('barman');
    expect(facts.cluster.extensions['system']).toHaveProperty('plpgsql');
    expect(JSON.stringify(facts)).not.toContain('SCRAM');

    const second = await mirrorWell(lab);
    expect(second.vault).toMatchObject({ isNew: false, version });
    await sql(lab.postgres, 'CREATE ROLE newcomer');
    const third = await mirrorWell(lab);
    expect(third.vault?.isNew).toBe(true);
    expect(await vaultsOnBox()).toEqual([version, third.vault?.version]);
    expect(await inVault(version, 'facts.json')).not.toContain('newcomer');
    expect(await inVault(third.vault?.version ?? '', 'facts.json')).toContain('newcomer');
    expect((await mirrorPage(lab)).vault).toMatchObject({ version: third.vault?.version, sealed: 0 });
  });

  test('is compared with what is here: a plan of a restore shows what is otherwise, line by line, and no secret of either side', async () => {
    const { lab } = scene;
    const [changed, gone] = [path.join(place, 'changed.conf'), path.join(place, 'gone.conf')];
    await writeFile(changed, 'a = 1\nshared_buffers = 8GB\npassword = canary-there\nz = 26\n');
    await writeFile(gone, 'x = 1\n');
    await configureVault({ files: [changed, gone] });
    await mirrorWell(lab);
    await writeFile(changed, 'a = 1\nshared_buffers = 2GB\npassword = canary-here\nz = 26\n');
    await rm(gone);
    const plan = await planFromMirror(lab, { rehearsal: true });
    const { vault } = plan as unknown as {
      vault: { configuration: { path: string; is: string; diff: string | null }[] };
    };
    const found = new Map(vault.configuration.map((one) => [one.path, one]));
    expect(found.get(gone)).toMatchObject({ is: 'missing', diff: null });
    expect(found.get(changed)?.is).toBe('differs');
    expect(found.get(changed)?.diff).toContain('-shared_buffers = 8GB\n+shared_buffers = 2GB\n');
    const page = await request(lab, 'GET', `/v1/plans/${plan.id}.txt`);
    expect(page.text).toContain('+shared_buffers = 2GB');
    expect(JSON.stringify(plan) + page.text).not.toContain('canary');
    await configureVault({});
  });

  test('of a box that lies about it is no way to what only the agent may read', async (context) => {
    needsRoot(context, 'the agent reads what nobody else may');
    const { lab, box } = scene;
    const { vault } = await mirrorWell(lab);
    const at = path.join(box.mirror, 'vault', vault?.version ?? '');
    const index = path.join(at, 'index.json');
    const text = await readFile(index, 'utf8');
    const [first = '', ...others] = (await readFile('/etc/shadow', 'utf8')).split('\n');
    const { files, ...more } = JSON.parse(text) as { files: object[] };
    const named = ['/etc/shadow', '/etc/fstab'].map((one) => ({ ...files[0], path: one, inClear: 'whole' }));
    await writeFile(index, JSON.stringify({ ...more, files: [...files, ...named] }));
    // One that is really there, and one that leads to what is here.
    await mkdir(path.join(at, 'files/etc'), { recursive: true });
    await writeFile(path.join(at, 'files/etc/shadow'), 'root:*:1:0:99999:7:::\n');
    await rm(path.join(at, 'files/etc/fstab'), { force: true });
    await symlink('/etc/shadow', path.join(at, 'files/etc/fstab'));
    try {
      const plan = JSON.stringify(await planFromMirror(lab, { rehearsal: true }));
      for (const line of [first, ...others].filter((one) => one.length > 12)) expect(plan).not.toContain(line);
    } finally {
      for (const name of ['shadow', 'fstab']) await rm(path.join(at, 'files/etc', name), { force: true });
      await writeFile(index, text);
    }
  });

  test("leaves secrets out and says so, or encrypts them to a key that Debian's age opens", async ({ skip }) => {
    const { lab } = scene;
    const secret = path.join(place, 'application.pgpass');
    await writeFile(secret, '*:*:*:*:geheim\n', { mode: 0o600 });
    const inline = path.join(place, 'tool.conf');
    await writeFile(inline, 'host = a\npassword = geheim\n', { mode: 0o600 });
    await configureVault({ files: [inline], secretFiles: [secret] });
    const without = await mirrorWell(lab);
    const named = without.vault?.leftOut.filter((one) => one.why === 'secret').map((one) => one.path);
    expect(named).toEqual(expect.arrayContaining([secret, inline]));
    const page = (await request(lab, 'GET', `/v1/servers/main/mirror.txt`)).text;
    expect(page).toContain('LEFT OUT');
    expect(page).toContain(secret);
    const clear = await inVault(without.vault?.version ?? '', `files${inline}`);
    expect(clear).toBe('host = a\npassword = <left out by barback>\n');
    await expect(inVault(without.vault?.version ?? '', `files${secret}`)).rejects.toThrow('ENOENT');

    await configureVault({
      files: [inline],
      secretFiles: [secret],
      recipients: [await identityToRecipient(identity)],
    });
    const { vault } = await mirrorWell(lab);
    expect(vault?.leftOut.filter((one) => one.why === 'secret')).toEqual([]);
    const sealed = path.join(scene.box.mirror, 'vault', vault?.version ?? '', 'secrets.tar.age');
    const opener = new Decrypter();
    opener.addIdentity(identity);
    expect(Buffer.from(await opener.decrypt(await readFile(sealed))).toString('latin1')).toContain('*:*:*:*:geheim');
    const everything = await mustRun(['grep', '-rc', 'geheim', path.join(scene.box.mirror, 'vault')]).catch(() => '');
    expect(everything).toBe('');

    const age = await debianProgram(place, 'age', 'usr/bin/age');
    skip(age === null, 'apt cannot fetch age');
    const key = path.join(place, 'key.txt');
    await writeFile(key, `${identity}\n`, { mode: 0o600 });
    const tar = path.join(place, 'secrets.tar');
    await mustRun([age ?? '', '--decrypt', '--identity', key, '--output', tar, sealed]);
    await mustRun(['tar', '--extract', `--file=${tar}`, `--directory=${place}`]);
    expect(await readFile(path.join(place, secret), 'utf8')).toBe('*:*:*:*:geheim\n');
  });

  test('is on a box that was emptied again after the next run, and its damage is found', async () => {
    const { lab, box } = scene;
    const { vault } = await mirrorWell(lab);
    const file = path.join(box.mirror, 'vault', vault?.version ?? '', 'packages.txt');
    await chmod(file, 0o600);
    await writeFile(file, 'nothing\n');
    const found = await mirror(lab, { check: true });
    expect(found.problem).toMatchObject({ type: 'urn:barback:problem:mirror-damaged' });
    expect(found.mirrored.check?.damaged.map((one) => one.path)).toEqual([path.relative(box.mirror, file)]);
    const mended = await mirrorWell(lab, { compareContents: true });
    expect(mended.vault?.isNew).toBe(true);
    expect((await mirrorWell(lab, { check: true })).check?.damagedFiles).toBe(0);
    await rm(path.join(box.mirror, 'vault'), { recursive: true });
    expect((await mirrorWell(lab)).vault?.isNew).toBe(true);
    expect(await vaultsOnBox()).toHaveLength(1);
  });
});
