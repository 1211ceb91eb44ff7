import { availableParallelism, hostname, totalmem } from 'node:os';
import type { Result } from '@barback/shared/operations/index.ts';
import { serverReasons } from '../barman/catalogue.ts';
import type { Diagnosis } from '../barman/diagnose.ts';
import { barmanSupport } from '../barman/versions.ts';
import { readFence } from '../executor/fence.ts';
import { nowMicros } from '../system/clock.ts';
import { filesystemRoom } from '../system/filesystem.ts';
import { agentVersion } from '../version.ts';
import { binariesVersion } from './binaries.ts';
import { dataDirectoryFacts } from './data-directory.ts';
import type { Call, Handler, Host } from './handler.ts';
import { readContentFacts } from './content-facts.ts';
import { readLiveFacts, type LiveFacts } from './live-facts.ts';
import { readWalProtection } from './wal-protection.ts';
import { barmanVersion, diagnose } from './run-barman.ts';
import { scratchPlace } from './scratch-place.ts';
import { readSurroundings } from './surroundings-facts.ts';
import { listRecords } from './scratch-record.ts';
import { livePlaces, type GuardedPlace } from './space-guard.ts';

type HostFacts = Result<'host-facts'>;

export const hostFacts: Handler<'host-facts'> = {
  async perform(host, _params, call) {
    const [barman, binaries, facts, dataDirectory, records, fence] = await Promise.all([
      barmanFacts(host, call),
      binariesVersion(host, call.signal),
      readLiveFacts(host, call),
      dataDirectoryFacts(host),
      listRecords(host),
      readFence(host.config.stateDirectory, host.serverName),
    ]);
    const foreign = foreignCluster(barman.diagnosis, facts);
    return {
      agentVersion,
      hostName: hostname(),
      cpus: availableParallelism(),
      memoryBytes: totalmem(),
      time: nowMicros(),
      fence,
      barman: { ...barman.facts, unsupportedReasons: [...barman.facts.unsupportedReasons, ...foreign] },
      binaries,
      dataDirectory,
      ...facts,
      ...(await sections(host, barman.diagnosis, facts, call)),
      filesystems: await filesystems(host, barman.diagnosis, facts),
      scratches: records.map(({ plan, createdAt }) => ({ plan, createdAt })),
      probes: host.server.probes.map((one) => ({ ...one })),
      preloadLibraries: [...host.server.preloadLibraries],
      freeBytesFloor: host.server.scratch.freeBytesFloor,
      jobs: jobsOf(host),
    };
  },
};

async function barmanFacts(
  host: Host,
  call: Call,
): Promise<{ facts: HostFacts['barman']; diagnosis: Diagnosis | undefined }> {
  const version = await barmanVersion(host.server, call.signal);
  const { supported, reasons } = barmanSupport(version);
  if (supported === null) {
    return { facts: { version: version.text, supported, unsupportedReasons: reasons }, diagnosis: undefined };
  }
  const diagnosis = await diagnose(host.server, version, call.signal);
  return { facts: { version: version.text, supported, unsupportedReasons: serverReasons(diagnosis) }, diagnosis };
}

/** Barman's server entry and the configured data directory must be one cluster, or a plan would compare strangers. */
function foreignCluster(diagnosis: Diagnosis | undefined, facts: LiveFacts): string[] {
  const theirs = diagnosis?.status.postgres_systemid;
  const ours = facts.live?.systemIdentifier;
  if (!theirs || !ours || theirs === ours) return [];
  return [`Barman backs up the cluster ${theirs}, the configured one is ${ours}`];
}

/** What is asked of live besides what it says of itself. */
async function sections(
  host: Host,
  diagnosis: Diagnosis | undefined,
  { live }: LiveFacts,
  call: Call,
): Promise<Pick<HostFacts, 'protection' | 'surroundings' | 'content'>> {
  const [protection, surroundings, content] = await Promise.all([
    readWalProtection(host, diagnosis, call),
    readSurroundings(host, live, call),
    readContentFacts(host, live, call),
  ]);
  return { protection, surroundings, content };
}

async function filesystems(
  host: Host,
  diagnosis: Diagnosis | undefined,
  facts: LiveFacts,
): Promise<HostFacts['filesystems']> {
  const names = new Map(facts.live?.tablespaces.map((one) => [`tablespace:${one.oid}`, `tablespace:${one.name}`]));
  const places: GuardedPlace[] = [
    ...(await livePlaces(host)).map((one) => ({ ...one, role: names.get(one.role) ?? one.role })),
    ...(diagnosis ? [{ role: 'barman', path: diagnosis.config.barman_home }] : []),
    { role: 'scratch', path: scratchPlace(host, 'x').parent },
  ];
  const rooms = await Promise.all(
    places.map(async (one) => {
      const room = await filesystemRoom(one.path).catch(() => undefined);
      return room && { role: one.role, ...room };
    }),
  );
  return rooms.filter((one) => one !== undefined);
}

/** Of Barman and PostgreSQL at once: production keeps the other half. */
export function jobsOf(host: Host): number {
  return host.server.scratch.jobs ?? Math.max(1, Math.floor(availableParallelism() / 2));
}
