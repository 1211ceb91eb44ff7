import type { BackupList } from '../servers/backup-view.ts';
import type { ServerDetail, ServerView } from '../servers/server-view.ts';
import { fields, page, section, table } from './layout.ts';
import { nextActions } from './next-actions.ts';
import { renderFindings } from './render-readiness.ts';
import { describeProblem } from './render-run.ts';
import { bytes, duration, instant } from './units.ts';

/** One line per server. */
export function renderServers(view: { readonly servers: readonly ServerView[] }, now: number): string {
  if (view.servers.length === 0) return 'no servers: add one with "barback-api servers add" on the host of the api\n';
  return table(
    ['SERVER', 'KIND', 'AGENT', 'ACTIVE RUN', 'LAST RUN', 'ENDED', 'RTO'],
    view.servers.map((server) => [
      server.name,
      server.kind,
      server.agentId,
      server.activeRun ?? '-',
      server.lastRun === null ? '-' : `${server.lastRun.scenario} ${server.lastRun.state}`,
      instant(server.lastRun?.finishedAt ?? null, now),
      rto(server),
    ]),
  );
}

/** The state of the database first; then where its backups stand. */
export function renderServer(server: ServerDetail, now: number): string {
  if (server.kind === 'provisioner') return renderProvisioner(server);
  const { facts, settings } = server;
  return page(
    fields([
      ['database', database(server)],
      ['server', `${server.name}, agent ${server.agentId} at ${server.agentUrl}`],
      [
        'host',
        facts === null ? null : `${facts.hostName}, ${facts.cpus} processors, ${bytes(facts.memoryBytes)} memory`,
      ],
      ['PostgreSQL', facts === null ? null : facts.binaries.version],
      ['Barman', facts === null ? null : facts.barman.version],
      [
        'objective RTO',
        settings.rtoSeconds === null ? null : `${duration(settings.rtoSeconds)}; last drill ${rto(server)}`,
      ],
      ['objective RPO', settings.rpoSeconds === null ? null : duration(settings.rpoSeconds)],
      ['active run', server.activeRun],
      [
        'last run',
        server.lastRun === null ? null : `${server.lastRun.id}: ${server.lastRun.scenario}, ${server.lastRun.state}`,
      ],
    ]),
    server.problem === null ? null : section('problem', describeProblem(server.problem)),
    section('findings', renderFindings(server.findings, now)),
    facts === null ? null : section('space', space(facts)),
    nextActions([
      ...(server.activeRun === null
        ? []
        : [{ say: 'the run that works on it', path: `/v1/runs/${server.activeRun}.txt` }]),
      { say: 'what it can be restored to', path: `/v1/servers/${server.name}/window.txt` },
      { say: 'what destroyed data', path: `/v1/servers/${server.name}/transactions.txt` },
      {
        say: 'what drills have proven, and how long a restore would take',
        path: `/v1/servers/${server.name}/drills.txt`,
      },
      { say: 'its backups', path: `/v1/servers/${server.name}/backups.txt` },
      {
        say: 'plan a drill of everything that Barman holds',
        method: 'POST',
        path: '/v1/plans',
        body: drillBody(server.name),
      },
    ]),
  );
}

/** What makes hosts has neither a database nor backups. */
function renderProvisioner({ name, agentId, agentUrl, observedAt, problem, activeRun }: ServerDetail): string {
  const is = problem === null ? `answers (observed ${observedAt})` : 'does not answer';
  return page(
    fields([
      ['provisioner', `${name}, agent ${agentId} at ${agentUrl}: ${is}`],
      ['active run', activeRun],
    ]),
    problem === null ? null : section('problem', describeProblem(problem)),
  );
}

/** One line per backup. */
export function renderBackups(view: BackupList, now: number): string {
  if (view.backups.length === 0)
    return `no backups of ${view.server}: make one with "barman backup --wait ${view.server}"\n`;
  return page(
    table(
      ['BACKUP', 'STATUS', 'ENDED', 'TIMELINE', 'SIZE', 'MANIFEST', 'RETENTION', 'NOT RESTORABLE BECAUSE'],
      view.backups.map((backup) => [
        backup.id,
        backup.status,
        instant(backup.endTime, now),
        String(backup.timeline ?? '-'),
        backup.sizeBytes === null ? '-' : bytes(backup.sizeBytes),
        backup.manifest,
        backup.retention,
        backup.unsupportedReasons.join('; '),
      ]),
    ),
    nextActions([{ say: 'drill the newest one', method: 'POST', path: '/v1/plans', body: drillBody(view.server) }]),
  );
}

function database({ facts, problem, observedAt }: ServerDetail): string {
  if (facts === null) return `not known: ${problem?.title ?? 'the agent does not answer'}`;
  if (facts.live === null) return `${facts.liveState} (observed ${observedAt})`;
  const role = facts.live.inRecovery ? 'standby' : 'primary';
  return `${facts.liveState}, ${role}, timeline ${facts.live.timeline} at ${facts.live.currentLsn} (observed ${observedAt})`;
}

function space(facts: NonNullable<ServerDetail['facts']>): string {
  return table(
    ['  FOR', 'FREE', 'OF', 'DEVICE'],
    facts.filesystems.map((one) => [`  ${one.role}`, bytes(one.freeBytes), bytes(one.totalBytes), one.device]),
  );
}

function rto(server: ServerView): string {
  const seconds = server.lastRun?.rtoSeconds ?? null;
  return seconds === null ? '-' : duration(seconds);
}

function drillBody(server: string): object {
  return { server, scenario: 'drill', target: { type: 'latest' } };
}
