import path from 'node:path';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { Diagnosis } from '../barman/diagnose.ts';
import type { Box } from '../mirror/box.ts';
import type { MirroredPlaces } from '../mirror/passes.ts';
import { walDirectories } from './barman-places.ts';
import type { Host } from './handler.ts';

/** The box of a server, with a directory of its own. */
export function requireBox(host: Host): Box {
  const { mirror } = host.server;
  if (mirror === undefined) {
    throw new ProblemError('no-mirror', `the agent's configuration names no mirror of ${host.serverName}`, {
      next: "name one under mirror of the server in the agent's configuration, and start the executor again",
    });
  }
  const { bandwidthKBps = null, directory } = mirror;
  return { ...mirror, directory: `${directory}/${host.serverName}`, bandwidthKBps };
}

/** The box that a restore comes from: the same account, and where the configuration says so another directory. */
export function sourceBox(host: Host): Box {
  const box = requireBox(host);
  const from = host.server.mirror?.restoreFrom;
  return from === undefined ? box : { ...box, directory: from };
}

export function mirroredPlaces(diagnosis: Diagnosis): MirroredPlaces {
  const { config } = diagnosis;
  const { wals, incoming, streaming, kept } = walDirectories(diagnosis);
  return {
    base: config.basebackups_directory,
    wals,
    incoming,
    streaming,
    kept,
    meta: path.join(config.backup_directory, 'meta'),
    whole: config.backup_directory,
  };
}

/** Whoever reads Barman's files and has the key. */
export function mirrorUser(host: Host): string | null {
  return host.server.barman.user ?? null;
}

export function hashesFile(host: Host): string {
  return path.join(host.config.stateDirectory, 'mirrors', `${host.serverName}.json`);
}
