import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { TreeKind } from '../../scripts/debian/provide-tree.ts';
import type { Lab } from '../lab/lab.ts';
import { mustRun } from '../lab/run-command.ts';
import { DebianHost } from './debian-host.ts';
import { configureImport, standbyContents, standbyPassword, standbyRoles } from './managed-standby.ts';
import { selfSigned } from './self-signed.ts';

/** The PostgreSQL of a Debian. */
const versions = { bullseye: 13, trixie: 17 } as const;

const services = (version: number): string => `#!/bin/sh
pg_ctlcluster ${version} main start || exit 1
for file in roles contents; do
    [ $file = roles ] && database=postgres || database=defaultdb
    setpriv --reuid postgres --regid postgres --init-groups psql -Xq -v ON_ERROR_STOP=1 -d $database -f /srv/$file.sql || exit 1
done
touch /srv/ready
exec sleep infinity
`;

/** A managed standby that another Debian's PostgreSQL is, on a network of its own; the agent of the lab knows it as `managed`. */
export async function standbyOfVersion(lab: Lab, suite: keyof typeof versions): Promise<DebianHost> {
  const version = versions[suite];
  const kind: TreeKind = { suite, name: 'source', packages: [`postgresql-${version}`, 'tini', 'procps'] };
  const host = await DebianHost.make(kind);
  try {
    await serve(host, version);
    await configure(lab, host);
    return host;
  } catch (error) {
    await host.destroy();
    throw error;
  }
}

async function serve(host: DebianHost, version: number): Promise<void> {
  const place = `etc/postgresql/${version}/main`;
  const { there } = host.network;
  await host.as('root', 'pg_createcluster', '--locale', 'C', '--encoding', 'UTF8', String(version), 'main');
  const { certificate, key } = selfSigned(there);
  await host.write(`${place}/server.crt`, certificate);
  await host.write(`${place}/server.key`, key, 0o600);
  await host.as('root', 'chown', 'postgres:', `/${place}/server.key`);
  await host.write(`${place}/pg_hba.conf`, 'local all all peer\nhostssl all doadmin 0.0.0.0/0 scram-sha-256\n');
  const settings = [
    `listen_addresses = '${there}'`,
    'ssl = on',
    `ssl_cert_file = '/${place}/server.crt'`,
    `ssl_key_file = '/${place}/server.key'`,
    // md5 until 13.
    'password_encryption = scram-sha-256',
  ];
  await host.write(`${place}/conf.d/source.conf`, `${settings.join('\n')}\n`);
  // Until 13 there is no role that reads everything.
  const roles = version < 14 ? standbyRoles.replace('pg_read_all_data', 'smartsapp') : standbyRoles;
  await host.write('srv/roles.sql', roles);
  await host.write('srv/contents.sql', standbyContents);
  await host.write('srv/services', services(version), 0o755);
  host.serve('/srv/services');
  await host.made('srv/ready');
  await writeFile(path.join(host.inside('srv'), 'ca.crt'), certificate, { mode: 0o644 });
}

async function configure(lab: Lab, host: DebianHost): Promise<void> {
  const { there } = host.network;
  const [caFile, passwordFile] = [path.join(lab.dir, 'version-ca.crt'), path.join(lab.dir, 'version.pgpass')];
  await mustRun(['install', '-m', '0644', host.inside('srv/ca.crt'), caFile]);
  await writeFile(passwordFile, `${there}:*:*:doadmin:${standbyPassword}\n`, { mode: 0o600 });
  await mustRun(['chown', `${lab.barman.osUser}:`, passwordFile]);
  const sql = (text: string): Promise<string> => host.as('postgres', 'psql', '-XAtqc', text, 'defaultdb');
  await configureImport(lab, { port: 5432, caFile, passwordFile, sql }, { host: there });
}
