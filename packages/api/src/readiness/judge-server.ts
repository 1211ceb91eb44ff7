import type { Micros } from '@barback/shared/postgres/instant.ts';
import type { ServerSettings } from '../planner/plan-document.ts';
import { bytes, duration } from '../render/units.ts';
import type { WindowView } from '../window/window-schema.ts';
import type { RestoreNow } from './restore-now.ts';
import type { ServerFinding } from './server-finding.ts';

/** What a server is judged by, from the database of the api alone. */
export interface ServerFacts {
  readonly server: string;
  readonly now: Micros;
  readonly settings: ServerSettings;
  readonly rpo: WindowView['rpo'];
  readonly liveAnswers: boolean;
  /** The agent's last complete look; null: never yet. */
  readonly observedAt: Micros | null;
  /** Why the look after it failed. */
  readonly lookProblem: string | null;
  /** End of the newest backup that can be restored. */
  readonly newestBackupAt: Micros | null;
  readonly createdAt: Micros;
  /** The newest drill that has succeeded or failed. */
  readonly lastDrill: { readonly run: string; readonly state: string; readonly problem: string | null } | null;
  readonly lastGoodDrill: { readonly at: Micros; readonly rtoSeconds: number | null } | null;
  readonly restore: RestoreNow | null;
  /** The newest run that brought the mirror up to date, and why the newest of all did not. */
  readonly mirror: { readonly at: Micros | null; readonly problem: string | null };
}

type Rule = (facts: ServerFacts) => ServerFinding | null;

const second = 1_000_000;
const hour = 3600 * second;
const day = 24 * hour;
const lostAfter = 5 * 60 * second;
/** Below this a difference is the mood of the machine. */
const slowerFactor = 1.5;
const slowerSecondsMin = 30;

/** Pure. What was not observed is not judged: an agent that is lost says that by itself. */
export function judgeServer(facts: ServerFacts): readonly ServerFinding[] {
  const lost = agentLost(facts);
  const seen = facts.observedAt === null ? [] : observedRules;
  return [lost, ...[...(lost === null ? seen : []), ...recordedRules].map((rule) => rule(facts))].filter(
    (one) => one !== null,
  );
}

const agentLost: Rule = ({ server, observedAt, lookProblem, createdAt, now }) => {
  const since = observedAt ?? createdAt;
  if (lookProblem === null || now - since < lostAfter) return null;
  return {
    code: 'agent-lost',
    severity: 'critical',
    title: 'The agent does not answer',
    detail: `Its last complete answer is ${ago(now - since)} old: ${lookProblem}`,
    remedy: `On the host: systemctl status barback-agent-gateway barback-agent-executor. Then read GET /v1/servers/${server}.`,
  };
};

const liveDown: Rule = ({ liveAnswers, server }) =>
  liveAnswers
    ? null
    : {
        code: 'live-down',
        severity: 'critical',
        title: 'The live database does not answer',
        detail: 'The agent answers, and PostgreSQL does not.',
        remedy: `Look at the service on the host. What can be restored: GET /v1/servers/${server}/window.txt`,
      };

const backupAge: Rule = ({ newestBackupAt, settings: { backupDays }, now, server }) => {
  const remedy = `Make one now: POST /v1/runs {"server":"${server}","scenario":"backup"}; by itself: POST /v1/schedules.`;
  if (newestBackupAt === null) {
    return {
      code: 'backup-none',
      severity: 'critical',
      title: 'There is no backup that can be restored',
      detail: 'Barman has none that is DONE and of this cluster.',
      remedy,
    };
  }
  if (backupDays === null || now - newestBackupAt <= backupDays * day) return null;
  return {
    code: 'backup-old',
    severity: 'warning',
    title: 'The newest base backup is old',
    detail: `It ended ${ago(now - newestBackupAt)} ago; ${backupDays} days are allowed (backupDays). A restore replays all WAL since.`,
    remedy,
  };
};

const drillAge: Rule = ({ lastGoodDrill, settings: { drillDays }, createdAt, now, server }) => {
  if (drillDays === null || now - (lastGoodDrill?.at ?? createdAt) <= drillDays * day) return null;
  const remedy = `Drill now: POST /v1/runs {"server":"${server}","scenario":"drill","target":{"type":"latest"}}; by itself: POST /v1/schedules.`;
  return lastGoodDrill === null
    ? {
        code: 'drill-never',
        severity: 'warning',
        title: 'No backup of this server was ever restored',
        detail: `It is known for ${ago(now - createdAt)}; ${drillDays} days are allowed without a drill (drillDays).`,
        remedy,
      }
    : {
        code: 'drill-overdue',
        severity: 'warning',
        title: 'A restore was last proven long ago',
        detail: `The last drill that succeeded is ${ago(now - lastGoodDrill.at)} old; ${drillDays} days are allowed (drillDays).`,
        remedy,
      };
};

const drillFailed: Rule = ({ lastDrill }) =>
  lastDrill === null || lastDrill.state === 'succeeded'
    ? null
    : {
        code: 'drill-failed',
        severity: 'critical',
        title: 'The last drill failed',
        detail: lastDrill.problem ?? `Run ${lastDrill.run} is ${lastDrill.state}.`,
        remedy: `Read GET /v1/runs/${lastDrill.run}/report.txt, then drill again: a restore would fail the same way.`,
      };

/** Which of the two long parts takes longer says what helps. */
function lever({ copySeconds, replaySeconds }: RestoreNow, server: string): string {
  const replays = (replaySeconds?.median ?? 0) > (copySeconds?.median ?? 0);
  return replays
    ? `Most of it is replay of the WAL since the newest backup: make one now (POST /v1/runs {"server":"${server}","scenario":"backup"}) and more often.`
    : "Most of it is the copy: more jobs (scratch.jobs in the agent's configuration), a faster disk, or a smaller database.";
}

const tooSlow: Rule = ({ restore, settings: { rtoSeconds }, server }) => {
  if (!restore?.seconds || rtoSeconds === null || restore.seconds.median <= rtoSeconds) return null;
  const { median, min, max } = restore.seconds;
  return {
    code: 'restore-too-slow',
    severity: min > rtoSeconds ? 'critical' : 'warning',
    title: 'A restore would take longer than the objective',
    detail: `Now about ${duration(median)} (${duration(min)} to ${duration(max)}): ${bytes(restore.copyBytes)} to copy, ${bytes(restore.replayBytes)} of WAL to replay. The objective is ${duration(rtoSeconds)}.`,
    remedy: lever(restore, server),
  };
};

const slower: Rule = ({ restore, lastGoodDrill, server }) => {
  const before = lastGoodDrill?.rtoSeconds ?? null;
  const now = restore?.seconds?.median ?? null;
  if (!restore || before === null || now === null) return null;
  if (now < before * slowerFactor || now - before < slowerSecondsMin) return null;
  return {
    code: 'restore-slower',
    severity: 'warning',
    title: 'A restore would take much longer than the last drill',
    detail: `Now about ${duration(now)}; the last drill needed ${duration(before)}.`,
    remedy: lever(restore, server),
  };
};

const rpoExceeded: Rule = ({ rpo, settings: { rpoSeconds }, server }) => {
  const { ageSeconds, notHeldCommits } = rpo;
  // An idle database has nothing that Barman could lack.
  if (rpoSeconds === null || ageSeconds === null || ageSeconds <= rpoSeconds || !notHeldCommits) return null;
  return {
    code: 'rpo-exceeded',
    severity: 'critical',
    title: 'More would be lost than the objective allows',
    detail: `Barman's newest commit is ${duration(ageSeconds)} old, and live has ${notHeldCommits} that Barman lacks. The objective is ${duration(rpoSeconds)}.`,
    remedy: `Barman does not receive WAL fast enough: read GET /v1/servers/${server}/window.txt and barman check. A slot that ran away: scenario rebaseline.`,
  };
};

const slotRetains: Rule = ({ rpo: { slots }, settings: { slotRetainedMbMax }, server }) => {
  const mebibyte = 1024 ** 2;
  const limit = slotRetainedMbMax === null ? Number.POSITIVE_INFINITY : slotRetainedMbMax * mebibyte;
  const over = (slots ?? []).filter((one) => (one.retainedBytes ?? 0) > limit);
  if (over.length === 0) return null;
  const told = over.map(
    (one) => `${one.name} (${one.active ? 'in use' : 'not in use'}) keeps ${bytes(one.retainedBytes ?? 0)}`,
  );
  return {
    code: 'slot-retains',
    severity: over.some((one) => !one.active) ? 'critical' : 'warning',
    title: 'A replication slot fills the disk of live',
    detail: `${told.join('; ')}; ${bytes(limit)} are allowed (slotRetainedMbMax).`,
    remedy: `Look at whoever reads from it. Barman's: POST /v1/runs {"server":"${server}","scenario":"rebaseline"} drops it, makes it anew and makes a base backup.`,
  };
};

const mirrorOld: Rule = ({ mirror: { at }, settings: { mirrorHours }, createdAt, now, server }) => {
  if (mirrorHours === null || now - (at ?? createdAt) <= mirrorHours * hour) return null;
  return {
    code: 'mirror-old',
    severity: 'critical',
    title: 'The mirror is old',
    detail: `It was ${at === null ? 'never brought up to date' : `brought up to date ${ago(now - at)} ago`}; ${mirrorHours} hours are allowed (mirrorHours). A disaster loses what came since.`,
    remedy: `Read GET /v1/servers/${server}/mirror.txt; now: POST /v1/runs {"server":"${server}","scenario":"mirror"}; by itself: POST /v1/schedules.`,
  };
};

const mirrorFailed: Rule = ({ mirror: { problem }, server }) =>
  problem === null
    ? null
    : {
        code: 'mirror-failed',
        severity: 'warning',
        title: 'The last run of the mirror failed',
        detail: problem,
        remedy: `Read GET /v1/servers/${server}/mirror.txt. It is as restorable as it was before that run.`,
      };

const observedRules: readonly Rule[] = [liveDown, backupAge, rpoExceeded, slotRetains, tooSlow, slower];
const recordedRules: readonly Rule[] = [drillAge, drillFailed, mirrorOld, mirrorFailed];

function ago(micros: Micros): string {
  return micros < 2 * day ? duration(micros / second) : `${Math.floor(micros / day)} days`;
}
