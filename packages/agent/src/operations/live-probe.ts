import type { Params, Result } from '@barback/shared/operations/index.ts';
import type { ProbeResult } from '@barback/shared/operations/scratch-probe.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { roleObjections, roleSchema, roleSql } from '../postgres/probe-role.ts';
import { askJson, liveServer } from './copy-sql.ts';
import type { Call, Handler, Host } from './handler.ts';
import { runProbe } from './run-probe.ts';

const seenSchema = z.strictObject({
  systemIdentifier: z.string(),
  inRecovery: z.boolean(),
  timeline: z.int().nullable(),
  lsn: z.string().nullable(),
  databases: z.array(z.string()),
});

const seenSql = `SELECT json_build_object('systemIdentifier', (SELECT system_identifier::text FROM pg_control_system()),
  'inRecovery', pg_is_in_recovery(),
  'timeline', CASE WHEN NOT pg_is_in_recovery() THEN ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END,
  'lsn', CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_lsn()::text END,
  'databases', (SELECT coalesce(json_agg(datname ORDER BY datname), '[]') FROM pg_database WHERE datallowconn));`;

export const liveProbe: Handler<'live-probe'> = {
  async perform(host, params, call) {
    const seen = await askJson(liveServer(host), seenSql, seenSchema, call.signal);
    const { systemIdentifier, timeline, lsn, databases } = seen;
    if (timeline === null || lsn === null) throw other('it is in recovery');
    if (params.systemIdentifier !== null && params.systemIdentifier !== systemIdentifier) {
      throw other(`its system identifier is ${systemIdentifier}, not ${params.systemIdentifier}`);
    }
    if (params.timelineAfter !== null && timeline <= params.timelineAfter) {
      throw other(`it is on timeline ${timeline}, not on one later than ${params.timelineAfter}`);
    }
    const probes = await askProbes(host, params, call);
    // What could not be asked proves nothing, neither way; it is told in the result.
    const failed = probes.find((one) => !one.ok && !/SQLSTATE 28|cannot be asked/.test(one.error ?? ''));
    if (failed) {
      throw new ProblemError('probe-failed', `the probe ${failed.name} failed: ${failed.error ?? ''}`, {
        next: 'live runs; whether it is put back or goes on is said by the state of the run',
        facts: { probes: probes.map(({ name, ok, error }) => ({ name, ok, error })) },
      });
    }
    return { systemIdentifier, timeline, lsn, databases, probes };
  },

  observe: () => Promise.resolve({ is: 'absent' }),
};

function other(reason: string): ProblemError {
  return new ProblemError('recovery-failed', `what runs at the live path is not what was restored: ${reason}`, {
    next: 'look on the host: barback-agent rescue status; nobody but the superuser and Barman is let in',
  });
}

async function askProbes(
  host: Host,
  params: Params<'live-probe'>,
  call: Call,
): Promise<Result<'live-probe'>['probes']> {
  if (params.probes.length === 0) return [];
  const objection = await objectionTo(host, call);
  const { socketDirectory, port, user } = host.server.postgres;
  const place = { socketDirectory, port, user: user ?? null };
  const answers: ProbeResult[] = [];
  for (const [index, probe] of params.probes.entries()) {
    call.progress('probes', index, params.probes.length);
    answers.push(
      objection === null
        ? await runProbe(host, place, { probe, statementTimeoutMs: params.statementTimeoutMs }, call.signal)
        : { name: probe.name, ok: false, rows: null, error: objection },
    );
  }
  return answers;
}

/** Why given SQL cannot be asked of live: its role is not there, or may do more than read. */
async function objectionTo(host: Host, call: Call): Promise<string | null> {
  const name = host.server.probeRole;
  const role = await askJson(liveServer(host), roleSql(name), roleSchema, call.signal);
  if (!role.exists) {
    return `live cannot be asked: the role ${name} is not there; CREATE ROLE ${name} LOGIN; GRANT pg_read_all_data TO ${name};`;
  }
  const objections = roleObjections(role);
  return objections.length === 0
    ? null
    : `live cannot be asked: the role ${name} may do more than read: ${objections.join('; ')}`;
}
