import { expect, test } from 'vitest';
import { adoptedHba, adoptedIdent } from './adopted-access.ts';

const roles = ['barman', 'streaming_barman'];

test('who may connect is as on the lost host, but Barman comes in as it does on this one', () => {
  const lost = 'host all all 10.0.0.0/8 scram-sha-256\nhost all barman 10.1.0.5/32 cert\n';
  const here = [
    'local all postgres peer',
    'host all barman 127.0.0.1/32 scram-sha-256 # here',
    'host replication streaming_barman 127.0.0.1/32 scram-sha-256',
    'host all all 0.0.0.0/0 trust',
    'host all barman,clerk 127.0.0.1/32 md5',
  ].join('\n');
  expect(adoptedHba(lost, here, roles)).toBe(
    `# Barman as it comes in on this host; what follows is of the lost one.
host all barman 127.0.0.1/32 scram-sha-256
host replication streaming_barman 127.0.0.1/32 scram-sha-256
${lost}`,
  );
});

test('rules that both hosts have are not written twice', () => {
  const both = 'local all barman peer\nhost all all 10.0.0.0/8 scram-sha-256\n';
  expect(adoptedHba(both, both, roles)).toBe(both);
  const adopted = adoptedHba('host all all all scram-sha-256\n', both, roles);
  expect(adoptedHba('host all all all scram-sha-256\n', adopted, roles)).toBe(adopted);
});

test('maps of system users are those of both', () => {
  expect(adoptedIdent('lab deploy app', '# comment\n\nlab root postgres\nlab deploy app\n')).toBe(
    'lab deploy app\nlab root postgres\n',
  );
  expect(adoptedIdent('lab deploy app\n', '# none\n')).toBe('lab deploy app\n');
});
