import type { AuditEvent } from '@barback/shared/audit/event.ts';
import type { Problem } from '@barback/shared/wire/problem.ts';
import type { RunView } from '../engine/run-view.ts';
import type { ServerFinding } from '../readiness/server-finding.ts';
import { liveStates } from '../render/live-states.ts';
import type { Channel, MessageType } from './channel-config.ts';

/** What is told, the state of the database first; the body of a webhook is exactly this. */
export interface Message {
  readonly type: MessageType;
  /** RFC 3339 UTC. */
  readonly timestamp: string;
  readonly data: {
    readonly server: string | null;
    /** As last observed, when it is about a run. */
    readonly liveDatabase: string | null;
    readonly title: string;
    readonly text: string;
    readonly urgent: boolean;
    readonly run: string | null;
    readonly scenario: string | null;
    /** Paths of the api to go on with. */
    readonly links: Readonly<Record<string, string>>;
  };
}

/** What an event says to people; null when nothing. Pure. */
export function messageOf(event: AuditEvent, run: RunView | null): Message | null {
  const type = typeOf(event, run);
  if (type === null) return null;
  if (run !== null && type.startsWith('run.')) return aboutRun(event, type, run);
  if (type.startsWith('database.')) return aboutDatabase(event, type);
  return type.startsWith('finding.') ? aboutFinding(event, type) : aboutSchedule(event, type);
}

/** Whether a channel is to hear it. Pure. */
export function isFor({ servers, types, kind }: Channel, { type, data }: Message): boolean {
  if (type === 'test') return true;
  if (servers !== undefined && (data.server === null || !servers.includes(data.server))) return false;
  if (kind === 'healthchecks')
    return data.scenario === 'drill' && /^run\.(started|succeeded|failed|cancelled)$/.test(type);
  return types === undefined || types.includes(type);
}

function typeOf({ type, data }: AuditEvent, run: RunView | null): MessageType | null {
  switch (type) {
    case 'run.started':
      return 'run.started';
    case 'gate.opened':
      return 'run.waiting';
    case 'run.halted':
      return 'run.needs-operator';
    case 'run.finished': {
      const { state } = data as { state: string };
      const ends = { succeeded: 'run.succeeded', failed: 'run.failed', cancelled: 'run.cancelled' } as const;
      return run !== null && Object.hasOwn(ends, state) ? ends[state as keyof typeof ends] : null;
    }
    case 'schedule.missed':
      return 'schedule.missed';
    case 'schedule.refused':
      return 'schedule.refused';
    case 'server.finding-raised':
      return 'finding.raised';
    case 'server.finding-cleared':
      return 'finding.cleared';
    case 'database.copy-failed':
    case 'database.copy-recovered':
      return type;
    default:
      return null;
  }
}

const ends: Partial<Record<MessageType, string>> = {
  'run.started': 'has begun',
  'run.waiting': 'waits for a person',
  'run.needs-operator': 'NEEDS AN OPERATOR',
  'run.succeeded': 'has succeeded',
  'run.failed': 'HAS FAILED',
  'run.cancelled': 'was cancelled',
};

const urgentTypes: readonly MessageType[] = ['run.waiting', 'run.needs-operator', 'run.failed', 'schedule.refused'];

function aboutRun(event: AuditEvent, type: MessageType, run: RunView): Message {
  const { id, server, scenario, gate, problem } = run;
  const database = liveStates[run.liveDatabase];
  const lines = [
    `Database: ${database}`,
    ...(gate === null || type !== 'run.waiting'
      ? []
      : [`${gate.ask} (until ${gate.deadline}, then ${gate.atDeadline})`]),
    ...(problem === null ? [] : problemLines(problem)),
    `GET /v1/runs/${id}.txt`,
  ];
  return message(event, type, {
    server,
    run: id,
    scenario,
    liveDatabase: run.liveDatabase,
    title: `${server}: ${scenario} ${ends[type] ?? type}; ${database}`,
    text: lines.join('\n'),
    links: { run: `/v1/runs/${id}`, report: `/v1/runs/${id}/report.txt` },
  });
}

function aboutFinding(event: AuditEvent, type: MessageType): Message {
  const { finding, code, since } = event.data as { finding?: ServerFinding; code?: string; since: string };
  const server = event.server ?? '';
  const links = { server: `/v1/servers/${server}`, drills: `/v1/servers/${server}/drills` };
  if (finding === undefined) {
    const title = `${server}: ${code ?? ''} is over`;
    return message(event, type, { title, text: `It was so since ${since}.`, links });
  }
  const text = [finding.detail, `-> ${finding.remedy}`].join('\n');
  const urgent = finding.severity === 'critical';
  return message(event, type, { title: `${server}: ${finding.title}`, text, links, urgent });
}

function aboutDatabase(event: AuditEvent, type: MessageType): Message {
  const { problem, since } = event.data as { problem?: Problem; since: string };
  const links = { database: '/v1/database' };
  if (problem === undefined) {
    const title = "The api's own database is copied to its box again";
    return message(event, type, { title, text: `It was not since ${since}.`, links });
  }
  const title = "The api's own database cannot be copied to its box";
  return message(event, type, { title, text: problemLines(problem).join('\n'), links });
}

function aboutSchedule(event: AuditEvent, type: MessageType): Message {
  const { schedule, dueAt, missed, problem } = event.data as {
    schedule: string;
    dueAt: string;
    missed?: number;
    problem?: Problem;
  };
  const server = event.server ?? '';
  const what = type === 'schedule.refused' ? 'cannot be carried out' : 'was late, and is carried out once';
  const lines = [
    `Due at ${dueAt}${missed === undefined || missed === 0 ? '' : `; it stands for ${missed} more`}.`,
    ...(problem === undefined ? [] : problemLines(problem)),
    `GET /v1/schedules/${schedule}.txt`,
  ];
  return message(event, type, {
    title: `${server}: what is scheduled ${what}`,
    text: lines.join('\n'),
    links: { schedule: `/v1/schedules/${schedule}` },
  });
}

function problemLines({ title, detail, next }: Problem): string[] {
  return [`${title}: ${detail}`, ...(next === undefined ? [] : [`-> ${next}`])];
}

type Told = Pick<Message['data'], 'title' | 'text' | 'links'> & Partial<Message['data']>;

function message({ at, server }: AuditEvent, type: MessageType, told: Told): Message {
  const data = {
    server,
    liveDatabase: null,
    urgent: urgentTypes.includes(type),
    run: null,
    scenario: null,
    ...told,
  };
  return { type, timestamp: at, data };
}
