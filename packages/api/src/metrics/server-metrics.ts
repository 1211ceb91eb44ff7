import type { Clock } from '../clock.ts';
import type { Reader } from '../db/database.ts';
import { judgeServer } from '../readiness/judge-server.ts';
import { serverFacts } from '../readiness/server-facts.ts';
import type { Server } from '../servers/server-store.ts';
import type { MetricSet } from './metric-set.ts';

/** What the database of the api knows of one server; an instant or a number that is not known is left out. */
export function addServerMetrics(set: MetricSet, reader: Reader, server: Server, clock: Clock): void {
  const facts = serverFacts(reader, server, clock);
  const of = { server: server.name };
  const { restore, rpo, settings, observedAt, lookProblem, newestBackupAt, lastGoodDrill } = facts;
  set.gauge(
    'barback_agent_up',
    'Whether the last look at the agent succeeded',
    of,
    lookProblem === null && observedAt !== null ? 1 : 0,
  );
  set.instant('barback_agent_last_seen_timestamp_seconds', 'Last complete answer of the agent', of, observedAt);
  set.instant(
    'barback_backup_newest_timestamp_seconds',
    'End of the newest backup that can be restored',
    of,
    newestBackupAt,
  );
  set.instant(
    'barback_last_drill_success_timestamp_seconds',
    'End of the last drill that succeeded',
    of,
    lastGoodDrill?.at ?? null,
  );
  set.gauge(
    'barback_last_drill_rto_seconds',
    'What that drill needed: copy, start, replay, promotion',
    of,
    lastGoodDrill?.rtoSeconds ?? null,
  );
  for (const bound of ['min', 'median', 'max'] as const) {
    const help = 'What a restore of everything would need now';
    set.gauge('barback_restore_predicted_seconds', help, { ...of, bound }, restore?.seconds?.[bound] ?? null);
  }
  set.gauge('barback_restore_replay_bytes', 'WAL that it would replay', of, restore?.replayBytes ?? null);
  set.gauge('barback_rto_objective_seconds', 'How long a restore may take', of, settings.rtoSeconds);
  set.gauge('barback_rpo_objective_seconds', 'How much may be lost', of, settings.rpoSeconds);
  set.gauge('barback_recovery_point_lag_seconds', 'Age of what would be lost now; 0 when nothing would', of, lag(rpo));
  set.gauge('barback_commits_not_held', 'Commits that only live has', of, rpo.notHeldCommits);
  for (const { name: slot, retainedBytes } of rpo.slots ?? []) {
    set.gauge('barback_slot_retained_bytes', 'WAL that live keeps for a slot', { ...of, slot }, retainedBytes);
  }
  set.instant('barback_mirror_timestamp_seconds', 'When the mirror was last brought up to date', of, facts.mirror.at);
  for (const { code, severity } of judgeServer(facts)) {
    set.gauge(
      'barback_finding',
      'Something that would hurt in a restore, while it is so',
      { ...of, code, severity },
      1,
    );
  }
}

function lag({ ageSeconds, notHeldCommits }: ReturnType<typeof serverFacts>['rpo']): number | null {
  if (notHeldCommits === null) return null;
  return notHeldCommits === 0 ? 0 : ageSeconds;
}
