import type { Params, Result } from '@barback/shared/operations/index.ts';
import type { ProbeResult } from '@barback/shared/operations/scratch-probe.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { createRoleSql, roleObjections, roleSchema, roleSql, type RoleFacts } from '../postgres/probe-role.ts';
import { requirePlan } from './backup-lease.ts';
import { requireCopyProcess } from './copy-process.ts';
import { askJson, copyServer, shortLimits, sqlProgram } from './copy-sql.ts';
import { countTables } from './count-tables.ts';
import { executeOk } from './execute.ts';
import type { Call, Handler, Host } from './handler.ts';
import { runProbe, type ProbePlace } from './run-probe.ts';
import { scratchPort, scratchUser, type ScratchPlace } from './scratch-place.ts';
import { requireScratch } from './scratch-record.ts';

const lockedNote = 'locked by the transaction that is being undone';

export const scratchProbe: Handler<'scratch-probe'> = {
  async perform(host, params, call) {
    const place = await requireScratch(host, requirePlan(call));
    await requireCopyProcess(place);
    const inRecovery = params.phase === 'paused';
    const options = { statementTimeoutMs: params.statementTimeoutMs, inRecovery, locked: lockedNote };
    const counted = await countTables(copyServer(host, place), options, call.signal, (done, total) =>
      call.progress('tables', done, total),
    );
    return { ...counted, ...(await givenProbes(host, place, params, call)) };
  },

  /** It changes nothing that matters: an attempt with an unknown outcome is simply asked again. */
  async observe() {
    return { is: 'absent' };
  },
};

async function givenProbes(
  host: Host,
  place: ScratchPlace,
  params: Params<'scratch-probe'>,
  call: Call,
): Promise<Pick<Result<'scratch-probe'>, 'probes' | 'deferred'>> {
  if (params.probes.length === 0) return { probes: [], deferred: [] };
  const role = await requireRole(host, place, params.phase, call);
  if (!role.exists) return { probes: [], deferred: params.probes.map((one) => one.name) };
  const probes: ProbeResult[] = [];
  for (const [index, probe] of params.probes.entries()) {
    call.progress('probes', index, params.probes.length);
    probes.push(
      await runProbe(
        host,
        copyPlace(host, place),
        { probe, statementTimeoutMs: params.statementTimeoutMs },
        call.signal,
      ),
    );
  }
  return { probes, deferred: [] };
}

/** The copy, asked over its private socket by the user it runs as. */
export function copyPlace(host: Host, { socket }: ScratchPlace): ProbePlace {
  return { socketDirectory: socket, port: scratchPort, user: scratchUser(host) };
}

/** The role as the copy knows it; made in a promoted copy that lacks it. A role that can do more than read is refused. */
export async function requireRole(
  host: Host,
  place: ScratchPlace,
  phase: 'paused' | 'promoted',
  call: Call,
): Promise<RoleFacts> {
  const server = copyServer(host, place);
  const name = host.server.probeRole;
  let role = await askJson(server, roleSql(name), roleSchema, call.signal);
  if (!role.exists && phase === 'promoted') {
    await executeOk(sqlProgram(server, createRoleSql(name), shortLimits), call.signal, 'postgres-failed');
    role = await askJson(server, roleSql(name), roleSchema, call.signal);
  }
  if (!role.exists) return role;
  const objections = roleObjections(role);
  if (objections.length === 0) return role;
  throw new ProblemError('probe-refused', `cannot run given SQL as the role ${name}: ${objections.join('; ')}`, {
    next: `make ${name} a LOGIN role that is only a member of pg_read_all_data`,
  });
}
