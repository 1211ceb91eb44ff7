import { describe, expect, test } from 'vitest';
import { isSecretFile, leftOutMark, redact } from './redact.ts';

const mark = leftOutMark;

describe('a configuration in the vault holds no secret', () => {
  test.each([
    ["primary_conninfo = 'host=a user=b password=geheim port=5'", `primary_conninfo = 'host=a user=b password=${mark}`],
    ["primary_conninfo = 'user=b password=''ge heim'' host=a'", `primary_conninfo = 'user=b password=${mark}`],
    ['conninfo = host=pg user=barman password = geheim dbname=x', `conninfo = host=pg user=barman password = ${mark}`],
    ['#password=geheim', `#password=${mark}`],
    [
      'conninfo = postgresql://barman:geheim@pg:5432/postgres',
      `conninfo = postgresql://barman:${mark}@pg:5432/postgres`,
    ],
    [
      'host all all 0.0.0.0/0 ldap ldapserver=x ldapbindpasswd="geheim" ldapport=1',
      `host all all 0.0.0.0/0 ldap ldapserver=x ldapbindpasswd=${mark}`,
    ],
    [
      'host all all ::/0 radius radiusservers=a radiussecrets="geheim"',
      `host all all ::/0 radius radiusservers=a radiussecrets=${mark}`,
    ],
    ["ssl_passphrase_command = 'echo geheim'", `ssl_passphrase_command = ${mark}`],
    ["archive_command = 'AWS_SECRET_ACCESS_KEY=geheim x %p'", `archive_command = 'AWS_SECRET_ACCESS_KEY=${mark}`],
    ["archive_command = 'x --repo-cipher-pass geheim %p'", `archive_command = 'x --repo-cipher-pass ${mark}`],
    ["archive_command = 'x --repo1-cipher-pass=geheim %p'", `archive_command = 'x --repo1-cipher-pass=${mark}`],
    ['azure_account_key: geheim', `azure_account_key: ${mark}`],
    ['app = host=pg auth_user=x password=geheim', `app = host=pg auth_user=x password=${mark}`],
    ['"app" "SCRAM-SHA-256$4096:geheim$a:b"', `"app" "${mark}`],
    ['"app" "md50123456789abcdef0123456789abcdef"', `"app" "${mark}"`],
    ['sslpassword=geheim', `sslpassword=${mark}`],
    ['api_token: geheim', `api_token: ${mark}`],
    ['db.pwd=geheim', `db.pwd=${mark}`],
  ])('%s', (line, without) => {
    const { text, lines } = redact(`before\n${line}\nafter`);
    expect(text).toBe(`before\n${without}\nafter`);
    expect(text).not.toContain('geheim');
    expect(lines).toBe(1);
  });

  test.each([
    'password_encryption = scram-sha-256',
    "primary_conninfo = 'user=b passfile=/var/lib/postgresql/.pgpass'",
    'passwordFile: /etc/barback/pool.pgpass',
    'host all all 0.0.0.0/0 password',
    'host replication barman 10.0.0.0/8 scram-sha-256',
    'shared_buffers = 4GB   # for the secret of speed',
    'password =',
    '#ssl_passphrase_command_supports_reload = off',
    "#ssl_passphrase_command = ''\t\t# none",
    "archive_command = 'barman-wal-archive backup main %p'",
    'https://example.org/a:b@c',
  ])('and everything else of it: %s', (line) => {
    expect(redact(line)).toEqual({ text: line, lines: 0 });
  });
});

const head = (kind: string): string => `-----BEGIN ${kind}PRIVATE KEY-----`;

test('a file that is nothing but a secret is told by its name, or by a private key in it', () => {
  const pem = `${head('EC ')}\nMHc=`;
  expect(isSecretFile('/etc/postgresql/15/main/server.key', pem)).toBe(true);
  expect(isSecretFile('/x/id', head('OPENSSH '))).toBe(true);
  expect(
    ['/var/lib/barman/.pgpass', '/etc/pgbouncer/userlist.txt', '/var/lib/barman/.ssh/config'].every((name) =>
      isSecretFile(name, ''),
    ),
  ).toBe(true);
  expect(isSecretFile('/etc/ssl/server.crt', '-----BEGIN CERTIFICATE-----')).toBe(false);
  expect(isSecretFile('/etc/barman.conf', 'user=x')).toBe(false);
});
