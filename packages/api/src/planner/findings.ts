import type { Backup } from '@barback/shared/operations/backup.ts';
import type { Result } from '@barback/shared/operations/index.ts';
import type { RecoveryTarget } from '@barback/shared/postgres/target.ts';
import type { FindingCode } from './finding-catalogue.ts';
import type { Finding } from './plan-document.ts';
import { isBefore, type WalFacts, type WalReach } from './wal-path.ts';

export interface FindingFacts {
  readonly server: string;
  readonly host: Result<'host-facts'>;
  readonly wal: WalFacts;
  readonly backup: Backup;
  readonly target: RecoveryTarget;
  /** Null when the backup does not say where its WAL begins. */
  readonly reach: WalReach | null;
  readonly scratchBytes: number;
  readonly walBytes: number | null;
  readonly probes: number;
  /** The run that works on this server now. */
  readonly activeRun: string | null;
  /** System identifier that the last plan of this server saw. */
  readonly earlierSystemIdentifier: string | null;
}

type Found = Finding & { readonly code: FindingCode };
type Rule = (facts: FindingFacts) => Found | readonly Found[] | null;

/** Pairs of PostgreSQL major and Barman series that the lab runs. */
const testedPairs: readonly { readonly postgres: number; readonly barman: string }[] = [
  { postgres: 15, barman: '3.4' },
];

/** Libraries without background work of their own, which agents keep unless they are configured otherwise (T2). */
const harmlessLibraries: readonly string[] = ['pg_stat_statements', 'auto_explain'];

/** Everything that a restore would trip over; blocking ones first. Pure. */
export function findingsOf(facts: FindingFacts): readonly Finding[] {
  const order: readonly Finding['severity'][] = ['blocking', 'confirm', 'warning', 'info'];
  return rules
    .flatMap((rule) => rule(facts) ?? [])
    .toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

const barmanUnsupported: Rule = ({ host }) =>
  host.barman.unsupportedReasons.map((reason) => ({
    code: 'barman-unsupported',
    severity: 'blocking',
    title: 'Barman or its configuration is not supported',
    detail: `Barman ${host.barman.version}: ${reason}`,
    remedy: 'Change the configuration of Barman on the host as the reason says, then plan again.',
  }));

const backupUnsupported: Rule = ({ backup }) =>
  backup.unsupportedReasons.map((reason) => ({
    code: 'backup-unsupported',
    severity: 'blocking',
    title: 'The backup is of a kind that Barback cannot restore',
    detail: `Backup ${backup.id}: ${reason}`,
    remedy: 'Leave out "backup" so that the newest restorable one is taken, or make a new base backup.',
  }));

const backupNotDone: Rule = ({ backup, server }) =>
  backup.status === 'DONE'
    ? null
    : {
        code: 'backup-not-done',
        severity: 'blocking',
        title: 'The backup is not complete',
        detail: `Backup ${backup.id} is ${backup.status}.`,
        remedy: `Wait until Barman reports DONE (barman list-backup ${server}), or leave out "backup".`,
      };

const majorDiffers: Rule = ({ backup, host }) => {
  const major = backup.postgresVersionNum === null ? null : Math.floor(backup.postgresVersionNum / 10_000);
  if (major === null || major === host.binaries.major) return null;
  return {
    code: 'postgres-major-differs',
    severity: 'blocking',
    title: 'The backup is of another PostgreSQL version than the binaries on the host',
    detail: `Backup ${backup.id} is of PostgreSQL ${major}; the configured binaries are ${host.binaries.version}.`,
    remedy: `Install PostgreSQL ${major} on the host and set postgres.binDirectory in the agent's configuration to it.`,
  };
};

const space: Rule = ({ host, scratchBytes, walBytes }) => {
  const scratch = host.filesystems.find((one) => one.role === 'scratch');
  const needed = scratchBytes + (walBytes ?? 0) + host.freeBytesFloor;
  if (!scratch || scratch.freeBytes >= needed) return null;
  return {
    code: 'space',
    severity: 'blocking',
    title: 'There is not enough room for the copy',
    detail:
      `The copy needs ${scratchBytes} bytes, its WAL ${walBytes ?? 0}, and ${host.freeBytesFloor} must stay free: ` +
      `${needed} in all, but ${scratch.freeBytes} are free on ${scratch.device}.`,
    remedy: `Free ${needed - scratch.freeBytes} bytes there, or set scratch.directory in the agent's configuration to a larger filesystem.`,
  };
};

/** A hole matters for certain when the backup itself or everything up to the end is needed; otherwise the target may lie before it. */
const walGap: Rule = ({ backup, wal, reach, target }) => {
  if (reach === null) return null;
  const { endWal, beginWal } = backup;
  const reachesEnd = reach.last !== null && (endWal === null || !isBefore(reach.last, endWal, wal.segmentBytes));
  if (!reachesEnd) {
    const hole = reach.hole ?? { first: beginWal ?? '?', last: endWal ?? '?' };
    return gapFinding('blocking', `WAL that backup ${backup.id} itself needs is missing`, hole, reach);
  }
  if (target.type === 'immediate' || reach.hole === null) return null;
  return target.type === 'latest'
    ? gapFinding('blocking', 'WAL is missing before the newest that Barman holds', reach.hole, reach)
    : gapFinding('confirm', 'WAL is missing behind the backup; the target may lie after the hole', reach.hole, reach);
};

function gapFinding(
  severity: Finding['severity'],
  title: string,
  hole: { readonly first: string; readonly last: string },
  reach: WalReach,
): Found {
  const range = hole.first === hole.last ? `Segment ${hole.first} is` : `Segments ${hole.first} to ${hole.last} are`;
  return {
    code: 'wal-gap',
    severity,
    title,
    detail: `${range} missing; WAL is unbroken up to ${reach.last ?? 'nothing'}.`,
    remedy:
      'Put the missing files back into the archive of Barman, or choose a target before the hole or a later backup.',
  };
}

const otherRun: Rule = ({ activeRun }) =>
  activeRun === null
    ? null
    : {
        code: 'other-run',
        severity: 'warning',
        title: 'Another run works on this server',
        detail: `Run ${activeRun} has not ended; this plan cannot start before it has.`,
        remedy: `Wait for it or cancel it: POST /v1/runs/${activeRun}/cancel`,
      };

const preloadLibrarySkipped: Rule = ({ host }) => {
  const unknown = preloadLibraries(host).filter((library) => !harmlessLibraries.includes(library));
  if (unknown.length === 0) return null;
  return {
    code: 'preload-library-skipped',
    severity: 'warning',
    title: 'Live loads libraries that the copy may have to do without',
    detail: `shared_preload_libraries names ${unknown.join(', ')}; an agent loads only those that its configuration lists.`,
    remedy: "If replay or a probe needs them, list them under preloadLibraries in the agent's configuration.",
  };
};

const manifestAbsent: Rule = ({ backup }) =>
  backup.manifest === 'absent'
    ? {
        code: 'manifest-absent',
        severity: 'warning',
        title: 'The backup has no manifest',
        detail: `The files of backup ${backup.id} cannot be compared with what was backed up.`,
        remedy: 'Plan with "options": {"amcheck": "all"}; backups made with backup_method = postgres have a manifest.',
      }
    : null;

const probeRoleMissing: Rule = ({ host, probes }) =>
  probes > 0 && host.live !== null && !host.live.probeRole
    ? {
        code: 'probe-role-missing',
        severity: 'info',
        title: 'Probes wait until the copy is promoted',
        detail: 'The role that probes run as does not exist in live, so probably not in the backup either.',
        remedy: 'To probe while the copy is paused, create the role on live: a LOGIN role with pg_read_all_data.',
      }
    : null;

const systemIdentifier: Rule = ({ host, earlierSystemIdentifier }) => {
  const now = host.live?.systemIdentifier;
  if (now === undefined || earlierSystemIdentifier === null || now === earlierSystemIdentifier) return null;
  return {
    code: 'system-identifier',
    severity: 'confirm',
    title: 'Live is another cluster than at the last plan',
    detail: `Its system identifier is ${now}; it was ${earlierSystemIdentifier}. The backups may belong to the earlier cluster.`,
    remedy:
      'If the cluster was replaced on purpose, plan again with "acknowledge": ["system-identifier"] in the options.',
  };
};

const liveDown: Rule = ({ host }) =>
  host.live === null
    ? {
        code: 'live-down',
        severity: 'info',
        title: 'Live does not answer',
        detail: `PostgreSQL is ${host.liveState} on ${host.hostName}; the copy gets default settings and is not compared with live.`,
        remedy: 'None is needed for a drill.',
      }
    : null;

const versionUntested: Rule = ({ host }) => {
  const series = host.barman.version.split('.').slice(0, 2).join('.');
  if (testedPairs.some((pair) => pair.postgres === host.binaries.major && pair.barman === series)) return null;
  return {
    code: 'version-untested',
    severity: 'confirm',
    title: 'This pair of versions is not one that Barback is tested with',
    detail: `PostgreSQL ${host.binaries.major} with Barman ${host.barman.version}; tested: ${testedPairs
      .map((pair) => `PostgreSQL ${pair.postgres} with Barman ${pair.barman}`)
      .join(', ')}.`,
    remedy: 'A drill does not touch live: plan again with "acknowledge": ["version-untested"] in the options.',
  };
};

const rules: readonly Rule[] = [
  barmanUnsupported,
  backupUnsupported,
  backupNotDone,
  majorDiffers,
  space,
  walGap,
  systemIdentifier,
  versionUntested,
  otherRun,
  preloadLibrarySkipped,
  manifestAbsent,
  probeRoleMissing,
  liveDown,
];

/** The libraries that live preloads, as PostgreSQL's list syntax separates them. */
export function preloadLibraries(host: Result<'host-facts'>): readonly string[] {
  const text = host.live?.settings['shared_preload_libraries'] ?? '';
  return text
    .split(',')
    .map((name) => name.trim().replaceAll('"', ''))
    .filter((name) => name !== '');
}
