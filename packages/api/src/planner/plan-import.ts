import type { KeptDatabase } from '@barback/shared/operations/database.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { AgentClient } from '../agents/agent-client.ts';
import type { Reader } from '../db/database.ts';
import { loadRun } from '../engine/load-run.ts';
import { isActive } from '../engine/record-run.ts';
import { makeImportAcceptPlan, makeImportUndoPlan } from './make-import-undo-plan.ts';
import { makeStandbyImportPlan } from './make-standby-import-plan.ts';
import type { ImportAcceptPlan, ImportUndoPlan, StandbyImportPlan } from './plan-document.ts';
import type { FrameInput } from './plan-frame.ts';
import type { ImportAcceptRequest, ImportUndoRequest, StandbyImportRequest } from './plan-request.ts';

export interface ImportPlanning {
  readonly reader: Reader;
  readonly agent: AgentClient;
  readonly sub: string;
  readonly frame: FrameInput;
}

const lookMs = 180_000;

export async function planStandbyImport(
  { agent, sub, frame }: ImportPlanning,
  request: StandbyImportRequest,
): Promise<StandbyImportPlan> {
  const { server } = request;
  const context = { sub, signal: AbortSignal.timeout(lookMs) };
  const [{ result: host }, { result: look }] = await Promise.all([
    agent.call('host-facts', { server }, context),
    agent.call('import-look', { server, import: request.options.import }, context),
  ]);
  return makeStandbyImportPlan({ ...frame, request, host, look });
}

export async function planImportUndo(planning: ImportPlanning, request: ImportUndoRequest): Promise<ImportUndoPlan> {
  const { host, kept } = await keptBy(planning, request);
  if (kept.occupant === null) {
    throw new ProblemError('nothing-kept', `no database is called ${kept.replaced} now`, {
      next: `Give ${kept.name} its name by hand: ALTER DATABASE … RENAME, then ALLOW_CONNECTIONS true.`,
    });
  }
  return makeImportUndoPlan({ ...planning.frame, request, host, kept, occupant: kept.occupant });
}

export async function planImportAccept(
  planning: ImportPlanning,
  request: ImportAcceptRequest,
): Promise<ImportAcceptPlan> {
  return makeImportAcceptPlan({ ...planning.frame, request, ...(await keptBy(planning, request)) });
}

/** What a run has set aside and nobody has dropped or renamed since. Throws ProblemError when there is none. */
async function keptBy({ reader, agent, sub }: ImportPlanning, { server, run }: { server: string; run: string }) {
  const { row, plan } = loadRun(reader, run);
  if (isActive(row.state)) {
    throw new ProblemError('server-busy', `run ${run} is ${row.state}`, {
      next: `It puts back by itself what it began: POST /v1/runs/${run}/cancel`,
    });
  }
  const context = { sub, signal: AbortSignal.timeout(lookMs) };
  const [{ result: host }, { result }] = await Promise.all([
    agent.call('host-facts', { server }, context),
    agent.call('database-kept', { server }, context),
  ]);
  const kept: KeptDatabase | undefined = result.kept.find((one) => one.plan === plan.id);
  if (kept !== undefined) return { host, kept };
  throw new ProblemError('nothing-kept', `the database that run ${run} set aside is not kept any more`, {
    next: `GET /v1/servers/${server}/kept lists what is kept.`,
  });
}
