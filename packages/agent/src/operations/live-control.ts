import { ProblemError } from '@barback/shared/wire/problem.ts';
import { identityOf, kindOf } from '../system/directory-tree.ts';
import { realPath } from '../system/look-at-file.ts';
import { signalProcess, type ProcessIdentity } from '../system/process-table.ts';
import type { Program } from '../system/program.ts';
import { debianDirectory } from './cluster-configuration.ts';
import { execute } from './execute.ts';
import type { Call, Host } from './handler.ts';

const systemctl = '/usr/bin/systemctl';

/**
 * Asks for a fast stop without waiting for it. The unit of a Debian cluster is stopped by systemd where that has started it:
 * ended by a signal it would run its ExecStop on a server that is gone and be failed. pg_ctlcluster then sends the same signal.
 */
export async function askToStop(host: Host, running: ProcessIdentity, call: Call): Promise<void> {
  const unit = unitOf(host);
  if (unit !== null && (await isSystemd()) && (await quiet([systemctl, 'is-active', '-q', unit], call))) {
    if (await quiet([systemctl, '--no-block', 'stop', unit], call)) return;
    call.log(`systemd does not stop ${unit}: the server is asked itself`);
  }
  await signalProcess(running, 'SIGINT');
}

/** The host's own way to start live, which may go on to wait when live runs long since. */
export function startProgramOf(host: Host): Program {
  const { service, user, binDirectory } = host.server.postgres;
  if (service === undefined) {
    throw new ProblemError('location-unsafe', `it is not known how ${host.serverName} is started`, {
      next: "set postgres.service in the agent's configuration",
    });
  }
  if (service.kind === 'debian-cluster') {
    // As root it hands over to systemd where that runs, and starts as the cluster's owner itself where it does not.
    const argv = ['/usr/bin/pg_ctlcluster', String(service.version), service.cluster, 'start'];
    return { argv, user: null, timeoutMs: 0 };
  }
  // What the server inherits would name its own connections (PGAPPNAME) and set the clock of its commands.
  const unset = ['PGAPPNAME', 'TZ', 'LC_ALL', 'LANG'].flatMap((name) => ['-u', name]);
  const start = [`${binDirectory}/pg_ctl`, '-D', service.configDirectory, '-l', service.logFile, '-W', 'start'];
  return { argv: ['/usr/bin/env', ...unset, ...start], user: user ?? null, timeoutMs: 0 };
}

/** The file that live's first words go to, and how long it is now. */
export async function startLogOf(host: Host): Promise<{ readonly file: string; readonly size: number } | null> {
  const { service } = host.server.postgres;
  if (service === undefined) return null;
  const file = service.kind === 'pg_ctl' ? service.logFile : await debianLog(service);
  const real = await realPath(file);
  return { file, size: real === undefined ? 0 : ((await identityOf(real))?.size ?? 0) };
}

/** PgCommon.pm, cluster_info: a link named log beside the configuration, or the default place. */
async function debianLog(service: { version: number; cluster: string }): Promise<string> {
  const link = `${debianDirectory(service)}/log`;
  if ((await realPath(link)) !== undefined) return link;
  return `/var/log/postgresql/postgresql-${service.version}-${service.cluster}.log`;
}

function unitOf(host: Host): string | null {
  const { service } = host.server.postgres;
  return service?.kind === 'debian-cluster' ? `postgresql@${service.version}-${service.cluster}.service` : null;
}

/** sd_booted(3). */
async function isSystemd(): Promise<boolean> {
  return process.geteuid?.() === 0 && (await kindOf('/run/systemd/system')) === 'directory';
}

async function quiet(argv: readonly string[], call: Call): Promise<boolean> {
  return (await execute({ argv, user: null, timeoutMs: 15_000 }, call.signal)).exitCode === 0;
}
