import { expect, test } from 'vitest';
import { vaultContents, vaultVersion, vaultVersionPattern, type VaultFile } from './vault-contents.ts';
import { barmanConfigurationFiles, namedByBarman } from './vault-places.ts';

const pem = (kind: string): string => `-----BEGIN ${kind}PRIVATE KEY-----`;
const file = (path: string, text: string, isSecret = false): VaultFile => ({
  path,
  uid: 0,
  gid: 0,
  mode: 0o640,
  text,
  isSecret,
});
const found = [
  file('/etc/barman.conf', 'conninfo = host=pg password=geheim\nuser = x'),
  file('/etc/fstab', 'UUID=1 / ext4'),
  file('/var/lib/barman/.pgpass', '*:*:*:*:geheim', true),
  file('/etc/postgresql/15/main/server.key', `${pem('')}\ngeheim`),
];

test('without a key nothing secret is in the vault, and what is left out is named', () => {
  const { clear, sealed, leftOut, entries } = vaultContents(found, { canSeal: false });
  expect(JSON.stringify([clear, sealed, leftOut, entries])).not.toContain('geheim');
  expect(clear.map((one) => one.path)).toEqual(['/etc/barman.conf', '/etc/fstab']);
  expect(sealed).toEqual([]);
  expect(leftOut.map((one) => one.path)).toEqual([
    '/etc/barman.conf',
    '/var/lib/barman/.pgpass',
    '/etc/postgresql/15/main/server.key',
  ]);
});

test('with one, whatever holds a secret is sealed as a whole, and nothing is left out', () => {
  const { clear, sealed, leftOut, entries } = vaultContents(found, { canSeal: true });
  expect(JSON.stringify(clear)).not.toContain('geheim');
  expect(sealed).toEqual([found[0], found[2], found[3]]);
  expect(leftOut).toEqual([]);
  expect(entries.map(({ inClear, sealed: is, mode }) => [inClear, is, mode])).toEqual([
    ['redacted', true, '0640'],
    ['whole', false, '0640'],
    ['none', true, '0640'],
    ['none', true, '0640'],
  ]);
});

test("Barman's configuration is found by its command line, and leads to others", () => {
  expect(barmanConfigurationFiles(['/usr/bin/barman', '-c', '/x/barman.conf'], '/h')).toEqual(['/x/barman.conf']);
  expect(barmanConfigurationFiles(['barman', '--config=/y'], '/h')).toEqual(['/y']);
  expect(barmanConfigurationFiles(['/usr/bin/barman'], '/h')).toContain('/etc/barman.conf');
  const text =
    '[barman]\nconfiguration_files_directory = /etc/barman.d\n[main]\nconninfo = host=a passfile=/x/pass user=b\n; configuration_files_directory = /no';
  expect(namedByBarman(text)).toEqual({ files: ['/etc/barman.d'], secrets: ['/x/pass'] });
});

test('versions sort by time', () => {
  expect(vaultVersion('2026-11-27T14:14:54.123456Z')).toBe('20261127T141454Z');
  expect(vaultVersionPattern.test('20261127T141454Z')).toBe(true);
});
