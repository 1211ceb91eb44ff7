import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { protectionOf } from './protection.ts';
import {
  ensureRequirements,
  installCommand,
  missingPackages,
  newestPostgres,
  protectionPrograms,
} from './requirements.ts';

let empty: string;
beforeAll(async () => {
  empty = await mkdtemp(path.join(tmpdir(), 'barback-requirements-'));
});
afterAll(() => rm(empty, { recursive: true }));

describe('what a lab requires', () => {
  test('names every package that a bare machine lacks', async () => {
    const missing = await missingPackages({ searchPath: [empty], postgresRoot: empty });
    expect(missing).toEqual(['postgresql', 'barman', 'rsync', 'curl', 'openssl', 'util-linux']);
  });

  test('names what an option needs only with that option, and never a server of ssh', async () => {
    const missing = (asked: Parameters<typeof protectionOf>[0]) =>
      missingPackages({ searchPath: [empty], postgresRoot: empty, programs: protectionPrograms(protectionOf(asked)) });
    const plain = await missing({});
    expect((await missing({ walCompression: 'xz' })).filter((name) => !plain.includes(name))).toEqual(['xz-utils']);
    for (const asked of [{ archiving: 'archive_command' }, { backupMethod: 'rsync' }] as const) {
      expect((await missing(asked)).filter((name) => !plain.includes(name))).toEqual(['openssh-client']);
    }
  });

  test('a user who may not install is told the one command, and what it installs', async () => {
    const refused = ensureRequirements({ searchPath: [empty], postgresRoot: empty, mayInstall: false });
    await expect(refused).rejects.toThrow(
      installCommand(['postgresql', 'barman', 'rsync', 'curl', 'openssl', 'util-linux']),
    );
  });

  test('the command switches off the first cluster before it installs the server', () => {
    const command = installCommand(['postgresql', 'barman']);
    expect(command.indexOf('create_main_cluster=false')).toBeLessThan(command.indexOf('postgresql barman'));
    expect(installCommand(['rsync'])).not.toContain('create_main_cluster');
  });

  test('takes the newest version that has a server, by number', async () => {
    const root = path.join(empty, 'versions');
    for (const version of ['9', '15', '17']) await mkdir(path.join(root, version, 'bin'), { recursive: true });
    for (const version of ['9', '15']) {
      const initdb = path.join(root, version, 'bin', 'initdb');
      await writeFile(initdb, '');
      await chmod(initdb, 0o755);
    }
    expect(await newestPostgres(root)).toEqual({ version: 15, binDir: path.join(root, '15', 'bin') });
  });
});
