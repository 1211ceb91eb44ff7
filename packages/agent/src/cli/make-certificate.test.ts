import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { agentConfigSchema } from '../config.ts';
import { certificateArgv, makeCertificate } from './make-certificate.ts';
import { makeKeys } from './make-keys.ts';

async function withConfig(use: (config: ReturnType<typeof agentConfigSchema.parse>) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'barback-enrol-'));
  const publicKey = await makeKeys(path.join(directory, 'api.json'));
  const config = agentConfigSchema.parse({
    id: 'agent-1',
    stateDirectory: directory,
    socket: `${directory}/socket`,
    signingKeyFile: `${directory}/signing-key.json`,
    gateway: { port: 0, certificateFile: `${directory}/gateway.crt`, keyFile: `${directory}/gateway.key` },
    apis: [{ id: 'api-1', publicKey }],
    servers: {
      main: {
        barman: { argv: ['/usr/bin/barman'], server: 'main' },
        postgres: { binDirectory: '/usr/bin', dataDirectory: '/data', socketDirectory: '/run', port: 5432 },
      },
    },
  });
  try {
    await use(config);
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('a certificate is valid for its host and ten years, its key is private, and making it again changes nothing', () =>
  withConfig(async (config) => {
    const pem = await makeCertificate(config, 'db1.example.org', undefined);
    const certificate = new X509Certificate(pem);
    expect(certificate.subjectAltName).toBe('DNS:db1.example.org');
    const years = (certificate.validToDate.getTime() - Date.now()) / (365 * 86_400_000);
    expect(years).toBeGreaterThan(9.9);
    expect((await stat(config.gateway.keyFile)).mode & 0o777).toBe(0o600);
    expect(await makeCertificate(config, 'db1.example.org', undefined)).toBe(pem);
  }));

test('a host that is no host name is refused before anything runs', () =>
  withConfig(async (config) => {
    await expect(makeCertificate(config, 'x,email:a@b', undefined)).rejects.toThrow('cannot make a certificate');
  }));

test('an address is named as an address', () => {
  const names = { certificateFile: '/c', keyFile: '/k', agentId: 'a' };
  expect(certificateArgv({ ...names, host: '10.0.0.1' })).toContain('subjectAltName=IP:10.0.0.1');
  expect(certificateArgv({ ...names, host: 'db1' })).toContain('subjectAltName=DNS:db1');
});

test('the signing key is made once, is private, and only its public part is shown', () =>
  withConfig(async (config) => {
    const shown = await makeKeys(config.signingKeyFile);
    expect(Object.keys(shown).toSorted()).toEqual(['crv', 'kty', 'x']);
    expect((await stat(config.signingKeyFile)).mode & 0o777).toBe(0o600);
    expect(await makeKeys(config.signingKeyFile)).toEqual(shown);
  }));
