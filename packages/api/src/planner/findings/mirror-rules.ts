import type { Result } from '@barback/shared/operations/index.ts';
import type { ChosenBackup } from '../choose-mirrored.ts';
import type { RestoreFromMirrorRequest } from '../plan-request.ts';
import type { Finding } from '../plan-document.ts';
import type { Found, Rule } from './rule.ts';

/** What a restore from the mirror is judged by. */
export interface MirrorRuleFacts {
  readonly request: RestoreFromMirrorRequest;
  readonly host: Result<'host-facts'>;
  readonly catalogue: Result<'mirror-catalogue'>;
  readonly chosen: ChosenBackup;
  readonly lastKnown: string | null;
}

/** Nobody on this host can know it: two servers that take writes are worse than none. */
const oldHost: Rule<MirrorRuleFacts> = ({ request: { options }, catalogue, lastKnown }) => {
  if (options.rehearsal) return null;
  const isNewer = lastKnown !== null && catalogue.mirroredAt > lastKnown;
  const detail = isNewer
    ? `The mirror was brought up to date at ${catalogue.mirroredAt}, after the last run that is on record (${lastKnown}): somebody still has the key of the box.`
    : `The mirror is of ${catalogue.mirroredAt}.`;
  return {
    code: 'old-host',
    severity: 'confirm',
    title: 'Is the old host really gone?',
    detail: `${detail} If the lost host comes back, applications may write there, and it may write over the mirror.`,
    remedy:
      'Make sure that it is off and stays off, and take its key from the box (authorized_keys). Then plan again with "acknowledge": ["old-host"] in the options.',
  };
};

const ofEveryCluster: ReadonlySet<string> = new Set(['postgres', 'template0', 'template1']);

const databasesHere: Rule<MirrorRuleFacts> = ({ host }) => {
  const names = host.live?.databases.map(({ name }) => name).filter((name) => !ofEveryCluster.has(name)) ?? [];
  if (names.length === 0) return null;
  return {
    code: 'databases-here',
    severity: 'confirm',
    title: 'This host has databases',
    detail: `Its cluster holds ${names.slice(0, 10).join(', ')}. It is set aside, not deleted, but nobody reaches it any more.`,
    remedy:
      'If they are not needed, plan again with "acknowledge": ["databases-here"] in the options; if they are, this is the wrong host.',
  };
};

const postgresMajor: Rule<MirrorRuleFacts> = ({ host, chosen: { backup } }) => {
  const [there, here] = [majorOf(backup.postgresVersionNum), majorOf(host.live?.versionNum ?? null)];
  if (there === null || here === null || there === here) return null;
  return {
    code: 'postgres-major-differs',
    severity: 'blocking',
    title: 'This host has another major version of PostgreSQL',
    detail: `Backup ${backup.id} is of PostgreSQL ${there}; this host runs ${here}.`,
    remedy: `Install PostgreSQL ${there} here and name it under postgres in the agent's configuration, then plan again.`,
  };
};

/** What was fetched and what is recovered from it lie here at the same time, and every backup in the end. */
const space: Rule<MirrorRuleFacts> = (facts) => {
  const { host, catalogue, chosen } = facts;
  const size = chosen.backup.sizeBytes ?? 0;
  const [data, barman] = ['scratch', 'barman'].map((role) => host.filesystems.find((one) => one.role === role));
  const shared = data !== undefined && data.device === barman?.device;
  const shortages = [
    shortage(data, size + (shared ? catalogue.bytes + size : 0), host.freeBytesFloor),
    ...(shared ? [] : [shortage(barman, catalogue.bytes + size, host.freeBytesFloor)]),
  ];
  return shortages.flatMap((one) => one ?? []);
};

function shortage(
  filesystem: Result<'host-facts'>['filesystems'][number] | undefined,
  bytes: number,
  floor: number,
): Found | null {
  if (filesystem === undefined || filesystem.freeBytes >= bytes + floor) return null;
  return {
    code: 'space',
    severity: 'blocking',
    title: 'There is not enough room for what the mirror holds',
    detail: `${bytes} bytes are needed on ${filesystem.device} (${filesystem.role}), ${filesystem.freeBytes} are free and ${floor} must remain.`,
    remedy: `Free ${bytes + floor - filesystem.freeBytes} bytes there, or take a larger disk.`,
  };
}

function majorOf(versionNum: number | null): number | null {
  return versionNum === null ? null : Math.floor(versionNum / 10_000);
}

const rules: readonly Rule<MirrorRuleFacts>[] = [oldHost, databasesHere, postgresMajor, space];

/** Pure. */
export function mirrorFindings(facts: MirrorRuleFacts): readonly Finding[] {
  return rules.flatMap((rule) => rule(facts) ?? []);
}
