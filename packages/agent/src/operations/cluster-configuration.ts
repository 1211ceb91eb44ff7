import path from 'node:path';
import type { Host } from './handler.ts';
import type { Vault } from './vault-fetch.ts';

/** Where the configuration of this host's cluster lies; undefined when it is not known how live is run. */
export function clusterDirectory({ server: { postgres } }: Host): string | undefined {
  const { service } = postgres;
  return service?.kind === 'debian-cluster' ? debianDirectory(service) : service?.configDirectory;
}

/** Where postgresql-common keeps the configuration of a cluster. */
export function debianDirectory({ version, cluster }: { version: number; cluster: string }): string {
  return `/etc/postgresql/${version}/${cluster}`;
}

/** Whether the place is the directory itself, or in it. */
export function isWithin(place: string, directory: string): boolean {
  return !path.relative(directory, place).startsWith('..');
}

/** The directories of both hosts, where neither lies in the data directory: then it comes with the backup. */
export function separateDirectories(host: Host, { facts }: Vault): { lost: string; here: string } | undefined {
  const here = clusterDirectory(host);
  const { config_file: file, data_directory: data } = facts.cluster?.places ?? {};
  if (here === undefined || file === undefined || data === undefined) return undefined;
  const lost = path.dirname(file);
  const isSeparate = !isWithin(here, host.server.postgres.dataDirectory) && !isWithin(lost, data);
  return isSeparate ? { lost, here } : undefined;
}
