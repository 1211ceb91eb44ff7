import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import type { TreeKind } from '../../scripts/debian/provide-tree.ts';
import { repositoryRoot } from '../../scripts/structure/repository.ts';
import type { Lab } from '../lab/lab.ts';
import { LAB_HBA, labIdent } from '../lab/postgres-config.ts';
import type { Box } from './box.ts';
import { DebianHost } from './debian-host.ts';
import { enrolmentToken } from './second-host.ts';
import { selfSigned } from './self-signed.ts';
import { openWay } from './way.ts';

/** What cloud-init.yaml names, and what Debian's installer brings without being asked. */
const kind: TreeKind = {
  suite: 'bookworm',
  name: 'host',
  packages: ['postgresql-15', 'barman', 'barman-cli', 'rsync', 'openssl', 'openssh-client', 'procps', 'tini'],
};
const deb = '/run/barback-install/agent.deb';

/** systemd does not run there: a unit that is to be started is named to the process that stands for it. */
const systemctl = `#!/bin/sh
[ "$1" = restart ] || exit 0
shift
for unit; do touch "/srv/start/$unit"; done
`;

const unit = `#!/bin/sh
of() { sed -n "s/^$1=//p" "/usr/lib/systemd/system/$unit"; }
unit=$1
until [ -e "/srv/start/$unit" ]; do sleep 0.1; done
user=$(of User)
exec setpriv --reuid "\${user:-root}" --regid "\${user:-root}" --init-groups $(of ExecStart)
`;

const services = `#!/bin/sh
pg_ctlcluster 15 main start || exit 1
setpriv --reuid postgres --regid postgres --init-groups psql -q \\
    -c 'CREATE ROLE barman LOGIN SUPERUSER' -c 'CREATE ROLE streaming_barman LOGIN REPLICATION' || exit 1
install -d -m 0755 /run/barback
install -d -m 0700 /var/lib/barback-agent
for unit in barback-executor.service barback-gateway.service; do
    /srv/unit "$unit" > "/srv/$unit.log" 2>&1 &
done
touch /srv/ready
while :; do
    setpriv --reuid barman --regid barman --init-groups barman -q cron
    sleep 2
done
`;

const barman = `[main]
description = Main
conninfo = host=/var/run/postgresql user=barman dbname=postgres application_name=barman
streaming_conninfo = host=/var/run/postgresql user=streaming_barman
backup_method = postgres
streaming_archiver = on
slot_name = barman
create_slot = auto
path_prefix = /usr/lib/postgresql/15/bin
`;

export interface PackagedHost {
  readonly host: DebianHost;
  readonly stop: () => Promise<void>;
}

/**
 * A new host on which nothing of Barback is but its package: PostgreSQL and Barman are Debian's, and the lines of cloud-init.yaml install
 * and enrol the agent. The api, behind TLS, and the box are those of the first host.
 */
export async function packagedHost(first: Lab, box: Box, agentDeb: string): Promise<PackagedHost> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).toReversed()) await one();
  };
  try {
    const host = await DebianHost.make(kind);
    stops.push(() => host.destroy());
    const { here } = host.network;
    const toBox = await openWay(() => connect(box.account.port, '127.0.0.1'), { host: here });
    const tls = selfSigned(here);
    const toApi = await openWay(() => connect(Number(new URL(first.api.url).port), '127.0.0.1'), { host: here, tls });
    stops.push(toBox.close, toApi.close);
    await install(host);
    await giveAccess(host, box, toBox.port);
    const ca = path.join(first.dir, 'api-ca.pem');
    await writeFile(ca, tls.certificate, { mode: 0o644 });
    const token = await enrolmentToken(first, '--api-url', `https://${here}:${toApi.port}`, '--api-ca', ca);
    await cloudInit(host, { token, agentDeb, boxPort: toBox.port, boxUser: box.account.user });
    return { host, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** An empty cluster, Barman configured for it, and what stands for systemd. */
async function install(host: DebianHost): Promise<void> {
  await host.as('root', 'pg_createcluster', '15', 'main');
  await host.write('etc/postgresql/15/main/pg_hba.conf', LAB_HBA);
  await host.write('etc/postgresql/15/main/pg_ident.conf', labIdent(['root', 'postgres', 'barman']));
  await host.write('etc/barman.d/main.conf', barman);
  await host.write('usr/bin/systemctl', systemctl, 0o755);
  await host.write('srv/unit', unit, 0o755);
  await host.write('srv/services', services, 0o755);
  await mkdir(host.inside('srv/start'));
  host.serve('/srv/services');
  await host.made('srv/ready');
}

async function giveAccess(host: DebianHost, box: Box, port: number): Promise<void> {
  const [, key = ''] = /^\S+ (.+)$/m.exec(await readFile(box.account.knownHostsFile, 'utf8')) ?? [];
  await host.write('etc/barback/box-hosts', `[${host.network.here}]:${port} ${key}\n`);
  await host.write('etc/barback/box-key', await readFile(box.account.identityFile, 'utf8'), 0o600);
  await host.as('root', 'chown', 'barman:', '/etc/barback/box-key');
}

interface Given {
  readonly token: string;
  readonly agentDeb: string;
  readonly boxPort: number;
  readonly boxUser: string;
}

interface CloudInit {
  readonly packages: readonly string[];
  readonly write_files: readonly { readonly path: string; readonly permissions?: string }[];
  readonly runcmd: readonly (readonly string[])[];
}

/** What cloud-init would do with the file that comes with the package, its blanks filled in; the package itself is not downloaded. */
async function cloudInit(host: DebianHost, given: Given): Promise<void> {
  const { there } = host.network;
  const text = await readFile(path.join(repositoryRoot, 'deploy/agent/cloud-init.yaml'), 'utf8');
  const asked = parse(text.replaceAll('<private address>', there)) as CloudInit;
  const sum = createHash('sha256')
    .update(await readFile(given.agentDeb))
    .digest('hex');
  const contents: Record<string, string> = {
    '/run/barback-install/token': given.token,
    '/etc/barback/agent.yaml': agentFile(host, given),
    '/run/barback-install/agent.sha256': `${sum}  ${deb}\n`,
  };
  for (const { path: file, permissions } of asked.write_files) {
    const content = contents[file];
    if (content === undefined) throw new Error(`cloud-init.yaml writes ${file}, which nobody knows`);
    await host.write(file, content, Number.parseInt(permissions ?? '0644', 8));
  }
  await copyFile(given.agentDeb, host.inside(deb));
  for (const words of asked.runcmd.filter(([program]) => program !== 'curl')) await host.as('root', ...words);
}

function agentFile(host: DebianHost, { boxPort, boxUser }: Given): string {
  return stringify({
    id: 'db2',
    stateDirectory: '/var/lib/barback-agent',
    socket: '/run/barback/executor.sock',
    socketGroup: 'barback-gateway',
    signingKeyFile: '/etc/barback/agent-signing-key.json',
    gateway: {
      host: host.network.there,
      port: 7432,
      certificateFile: '/etc/barback/agent.pem',
      keyFile: '/etc/barback/agent-key.pem',
    },
    servers: {
      main: {
        barman: { argv: ['/usr/bin/barman', '-c', '/etc/barman.conf'], user: 'barman', server: 'main' },
        postgres: {
          user: 'postgres',
          binDirectory: '/usr/lib/postgresql/15/bin',
          dataDirectory: '/var/lib/postgresql/15/main',
          socketDirectory: '/var/run/postgresql',
          port: 5432,
          superuser: 'postgres',
          service: { kind: 'debian-cluster', version: 15, cluster: 'main' },
        },
        scratch: { freeBytesFloor: 64 * 1024 * 1024 },
        mirror: {
          host: host.network.here,
          port: boxPort,
          user: boxUser,
          directory: 'barman-mirror',
          identityFile: '/etc/barback/box-key',
          knownHostsFile: '/etc/barback/box-hosts',
        },
      },
    },
  });
}
