import type { Result } from '@barback/shared/operations/index.ts';
import type { SurroundingsFacts } from '@barback/shared/operations/surroundings-facts.ts';
import type { Rule } from './rule.ts';

type Manager = SurroundingsFacts['haManagers'][number];
type WalSender = NonNullable<SurroundingsFacts['walSenders']>[number];

/** Clients answer every ten seconds unless they are told otherwise (wal_receiver_status_interval, pg_receivewal -s). */
const silentSecondsMax = 30;
/** At 100 MB a second it takes longer to send than the whole outage of a restore may. */
const lagBytesMax = 256 * 1024 * 1024;
const shownMax = 10;
/** What Barman calls its streams unless it is configured otherwise (3.4.0, config.py). */
const namesOfBarman = { streamingArchiverName: 'barman_receive_wal', streamingBackupName: 'barman_streaming_backup' };

const liveInRecovery: Rule = ({ host, touches }) =>
  host.live?.inRecovery
    ? {
        code: 'live-in-recovery',
        severity: touches === 'live' ? 'blocking' : 'info',
        title: 'Live is a standby',
        detail: `The cluster in ${host.live.settings['data_directory'] ?? 'the data directory'} is in recovery: it takes no writes, and what it holds comes from another server.`,
        remedy:
          "Point Barback at the primary (postgres in the agent's configuration there), or promote this one: SELECT pg_promote();",
      }
    : null;

const haManager: Rule = ({ host, touches }) =>
  host.surroundings.haManagers.map((one) => ({
    code: 'ha-manager',
    severity: touches === 'live' ? severityFor(one) : 'info',
    title: `${one.manager} manages this cluster or another one on this host`,
    detail: describeManager(one),
    remedy: remedies[one.manager],
  }));

/** Sure that it would act, sure that it would not, or neither. */
function severityFor({ pid, mark, paused }: Manager): 'blocking' | 'confirm' | 'info' {
  if (paused === true) return 'info';
  return pid !== null && mark !== null ? 'blocking' : 'confirm';
}

function describeManager({ manager, pid, mark, paused }: Manager): string {
  const process = pid === null ? 'it does not run on this host' : `it runs as process ${pid}`;
  const sign = mark === null ? 'nothing in the cluster names it' : `${mark} shows that it manages this cluster`;
  const state = paused === null ? '' : paused ? '; it is paused' : '; it is not paused';
  return `${manager}: ${process}; ${sign}${state}. When live stops, it starts it again or promotes a standby.`;
}

const remedies: Readonly<Record<Manager['manager'], string>> = {
  Patroni:
    'Pause it before live is replaced (patronictl pause --wait) and resume it afterwards; a drill needs nothing.',
  repmgrd:
    'Stop repmgrd on every node of the cluster before live is replaced, and take repmgr out of shared_preload_libraries when it is not used any more; a drill needs nothing.',
  pg_auto_failover:
    'Take the node out of pg_auto_failover (pg_autoctl drop node), and run PostgreSQL as a service of its own, before live is replaced; a drill needs nothing.',
};

const standbys: Rule = (facts) => {
  const found = standbysOf(facts.host);
  if (found.length === 0) return null;
  return {
    code: 'standbys',
    severity: facts.touches === 'live' ? 'confirm' : 'info',
    title: 'Others replicate from live',
    detail: `${found.length} besides Barman: ${namesOf(found)}. They hold what a restore of live undoes and cannot follow it.`,
    remedy:
      'After a restore of live, rebuild each of them (pg_basebackup or pg_rewind) before it serves reads again; detach now those that are not needed.',
  };
};

/** Streams that are neither Barman's, nor of one base backup, nor of a subscription (its slot is a finding of its own). */
function standbysOf({ surroundings, protection }: Result<'host-facts'>): readonly WalSender[] {
  const { streamingArchiverName, streamingBackupName } = protection.barman ?? namesOfBarman;
  return (surroundings.walSenders ?? []).filter(
    (one) =>
      !one.logical &&
      isReplicating(one) &&
      ![streamingArchiverName, streamingBackupName, 'pg_basebackup'].includes(one.applicationName),
  );
}

const synchronousNames: Rule = ({ host, touches }) => {
  const names = host.live?.settings['synchronous_standby_names'] ?? '';
  if (names === '') return null;
  return {
    code: 'synchronous-names',
    severity: touches === 'live' ? 'confirm' : 'info',
    title: 'Commits wait for synchronous standbys',
    detail: `synchronous_standby_names is ${JSON.stringify(names)}. No standby follows a restored server, so every commit there would wait for ever.`,
    remedy:
      touches === 'live'
        ? 'The run empties it before anybody is let in, and asks when the standbys are rebuilt before it is set again.'
        : "Before a restored server serves: ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf(); and set it again when the standbys are rebuilt.",
  };
};

const walSendersLagging: Rule = ({ host, touches }) => {
  const found = (host.surroundings.walSenders ?? []).filter(isLagging);
  if (found.length === 0) return null;
  return {
    code: 'walsenders-lagging',
    severity: touches === 'live' ? 'blocking' : 'info',
    title: 'Clients of the replication protocol lag behind',
    detail: `${namesOf(found)}: silent for more than ${silentSecondsMax} s, or more than ${lagBytesMax} bytes behind. A fast stop waits until each of them has confirmed all WAL.`,
    remedy: `Repair the client, or end its connection: SELECT pg_terminate_backend(pid) FROM pg_stat_replication WHERE application_name = '${(found[0]?.applicationName ?? '').replaceAll("'", "''")}';`,
  };
};

/** Not a base backup, nor one that only asks: Barman's own checks connect so. Neither confirms WAL, and a stop waits for neither. */
function isReplicating({ state }: WalSender): boolean {
  return state !== 'backup' && state !== 'startup';
}

function isLagging(sender: WalSender): boolean {
  const { silentSeconds, lagBytes } = sender;
  return isReplicating(sender) && (silentSeconds > silentSecondsMax || (lagBytes ?? 0) > lagBytesMax);
}

function namesOf(found: readonly WalSender[]): string {
  const names = found.slice(0, shownMax).map((one) => {
    const slot = one.slotName === null ? '' : `, slot ${one.slotName}`;
    return `${one.applicationName} (${one.state}${slot})`;
  });
  return found.length > shownMax ? `${names.join(', ')} and ${found.length - shownMax} more` : names.join(', ');
}

export const surroundingsRules: readonly Rule[] = [
  liveInRecovery,
  haManager,
  standbys,
  synchronousNames,
  walSendersLagging,
];
