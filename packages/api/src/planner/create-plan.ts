import { newId } from '@barback/shared/wire/identifiers.ts';
import { ProblemError, problemTypeOf } from '@barback/shared/wire/problem.ts';
import type { AgentClient } from '../agents/agent-client.ts';
import type { Actor } from '../audit/append-event.ts';
import type { EngineDeps } from '../engine/engine-deps.ts';
import type { Principal } from '../keys/principal.ts';
import { loadServer, type Server } from '../servers/server-store.ts';
import type { Search } from '../targets/search.ts';
import { loadWindow } from '../wal-index/load-window.ts';
import { mirrorRecord } from '../mirror/mirror-view.ts';
import { searchOf } from '../wal-index/search-of.ts';
import type { WalIndexer } from '../wal-index/wal-indexer.ts';
import type { Course } from './course.ts';
import { destroyedTables } from './destroyed-tables.ts';
import { earlierRuns } from './earlier-runs.ts';
import { findAdopted, requireFurther } from './find-adopted.ts';
import { freeze } from './freeze.ts';
import { keptOf } from './find-cutover.ts';
import { gather, gatherCutover, gatherProtection, type Gathered } from './gather.ts';
import { makeBackupPlan } from './make-backup-plan.ts';
import { makeExtractPlan } from './make-extract-plan.ts';
import { makeMirrorPlan } from './make-mirror-plan.ts';
import { makePlan } from './make-plan.ts';
import { makePointInTimePlan } from './make-point-in-time-plan.ts';
import { makeRebaselinePlan } from './make-rebaseline-plan.ts';
import { makeAcceptPlan, makeUndoPlan } from './make-undo-plan.ts';
import type { PlanDocument } from './plan-document.ts';
import type { FrameInput } from './plan-frame.ts';
import type { CopyRequest } from './copy-plan.ts';
import type {
  AcceptRequest,
  BackupRequest,
  DrillRequest,
  ExtractRequest,
  MirrorRequest,
  PlanRequest,
  PointInTimeRequest,
  RebaselineRequest,
  RunRequest,
  UndoRequest,
} from './plan-request.ts';
import { planImportAccept, planImportUndo, planStandbyImport } from './plan-import.ts';
import { planProvision } from './plan-provision.ts';
import { planRestoreFromMirror } from './plan-restore-from-mirror.ts';
import { replayedWal } from './replayed-wal.ts';
import { setCourse } from './set-course.ts';
import { undoneDdl } from './undone-ddl.ts';

export interface PlanCreation {
  readonly request: PlanRequest | RunRequest;
  readonly principal: Principal;
  readonly actor: Actor;
  readonly planHours: number;
  /** Names the request that asked for the plan, so that a repeated one finds it; null: it is not repeatable. */
  readonly requestHash: string | null;
}

type Deps = EngineDeps & { readonly index: WalIndexer };

/** A plan is made from everything that Barman holds at this moment; an archive that was never read takes longer. */
const catchUpMs = 45_000;

/** Asks the agent, decides everything, freezes it; answers the plan's id. Throws ProblemError. */
export async function createPlan(deps: Deps, creation: PlanCreation): Promise<string> {
  const { request, principal, actor, requestHash } = creation;
  const server = loadServer(deps.database.orm, request.server, principal);
  requireKind(server, request.scenario);
  const planning: Planning = { deps, creation, server, agent: deps.agents.client(server.name) };
  const plan = await planOf(planning, request);
  freeze(deps.database, plan, { by: actor, requestHash });
  return plan.id;
}

/** A provisioner has no database, and a database makes no hosts. */
function requireKind({ name, kind }: Server, scenario: string): void {
  if ((kind === 'provisioner') === (scenario === 'provision')) return;
  const detail =
    kind === 'provisioner' ? `${name} makes hosts: it has no database` : `${name} is a database and makes no hosts`;
  throw new ProblemError('provision-refused', detail, {
    next: 'The scenario provision is for a provisioner, every other one for a database: GET /v1/servers.txt',
  });
}

interface Planning {
  readonly deps: Deps;
  readonly creation: PlanCreation;
  readonly server: Server;
  readonly agent: AgentClient;
}

function planOf(planning: Planning, request: PlanRequest | RunRequest): Promise<PlanDocument> {
  switch (request.scenario) {
    case 'drill':
      return planDrill(planning, request);
    case 'point-in-time':
      return planPointInTime(planning, request);
    case 'extract':
      return planExtract(planning, request);
    case 'undo':
      return planUndo(planning, request);
    case 'accept':
      return planAccept(planning, request);
    case 'backup':
      return planBackup(planning, request);
    case 'mirror':
      return planMirror(planning, request);
    case 'rebaseline':
      return planRebaseline(planning, request);
    case 'restore-from-mirror':
      return planRestoreFromMirror(asked(planning), request);
    case 'provision':
      return planProvision(
        { ...asked(planning), agents: planning.deps.agents, principal: planning.creation.principal },
        request,
      );
    case 'standby-import':
      return planStandbyImport(asked(planning), request);
    case 'import-undo':
      return planImportUndo(asked(planning), request);
    case 'import-accept':
      return planImportAccept(asked(planning), request);
  }
}

/** For plans that are made in files of their own. */
function asked(planning: Planning) {
  const { deps, agent, creation } = planning;
  return { reader: deps.database.orm, agent, sub: creation.principal.id, frame: frameInput(planning) };
}

async function planDrill(planning: Planning, request: DrillRequest): Promise<PlanDocument> {
  const current = request.options.from === 'mirror' ? requireMirror(planning, request) : null;
  const from = current === null ? request : { ...request, backup: request.backup ?? current.backups[0] };
  const { input } = await courseInput(planning, from);
  return makePlan({ ...input, request, mirrored: current && { newestCommit: current.newestCommit } });
}

/** The newest state of the mirror, with the newest backup first. */
function requireMirror({ deps, server: { name } }: Planning, { target }: DrillRequest) {
  const { current } = mirrorRecord(deps.database.orm, name, deps.clock.now());
  const next = `Bring it up to date: POST /v1/runs {"server":"${name}","scenario":"mirror"}`;
  if (current === null || current.backups.length === 0) {
    throw new ProblemError('no-mirror', `Nothing of ${name} was mirrored that could be restored`, { next });
  }
  if (target.type !== 'latest' && target.type !== 'immediate') {
    throw new ProblemError(
      'validation-failed',
      `A drill from the mirror goes to latest or immediate, not to ${target.type}`,
      {
        next: 'Ask for one of the two; the mirror holds the same WAL as Barman, where any target can be drilled',
      },
    );
  }
  const { newestCommit } = current;
  // At the end of a backup nothing is promised of what comes behind it.
  return {
    newestCommit: target.type === 'latest' ? newestCommit : null,
    backups: current.backups.toSorted().toReversed(),
  };
}

async function planExtract(planning: Planning, request: ExtractRequest): Promise<PlanDocument> {
  return makeExtractPlan({ ...(await courseInput(planning, request)).input, request });
}

async function planPointInTime(planning: Planning, request: PointInTimeRequest): Promise<PlanDocument> {
  const { deps, agent, server, creation } = planning;
  const adopted = findAdopted(deps.database.orm, request);
  const [{ input }, cutover] = await Promise.all([
    courseInput(planning, adopted === null ? request : { ...request, backup: adopted.backupId }),
    gatherCutover(agent, server.name, creation.principal.id),
  ]);
  if (adopted !== null) requireFurther(adopted, input.gathered.host, input.course);
  const ddl = undoneDdl(deps.database.orm, server.name, input.course);
  const destroyed = destroyedTables(deps.database.orm, request, input.course);
  return makePointInTimePlan({ ...input, request, cutover, undoneDdl: ddl, destroyed, adopted });
}

async function courseInput(planning: Planning, request: CopyRequest) {
  const { deps, server, agent, creation } = planning;
  const { id: sub } = creation.principal;
  const [gathered] = await Promise.all([
    gather(agent, deps.clock, server.name, sub),
    deps.index.catchUp(server.name, { sweep: true, limitMs: catchUpMs }),
  ]);
  const { search, course } = await decideCourse(planning, request, gathered);
  const replayed = await replayedWal(search, course);
  const scratchFiles = await filesOf(agent, server.name, course.backup.id, sub);
  return { input: { ...frameInput(planning), gathered, picture: search.picture, course, replayed, scratchFiles } };
}

async function planUndo(planning: Planning, request: UndoRequest): Promise<PlanDocument> {
  const { server, agent, creation } = planning;
  const kept = await keptDirectory(planning, request.run);
  if (kept.state === null) throw noCluster(request.run);
  const [{ host }, cutover] = await Promise.all([
    gatherProtection(agent, server.name, creation.principal.id),
    gatherCutover(agent, server.name, creation.principal.id),
  ]);
  return makeUndoPlan({ ...frameInput(planning), request, host, kept, cutover });
}

async function planAccept(planning: Planning, request: AcceptRequest): Promise<PlanDocument> {
  const { server, agent, creation } = planning;
  const kept = await keptDirectory(planning, request.run);
  const { host } = await gatherProtection(agent, server.name, creation.principal.id);
  return makeAcceptPlan({ ...frameInput(planning), request, host, kept });
}

function noCluster(run: string): ProblemError {
  return new ProblemError(
    'nothing-kept',
    `what run ${run} took from the live path is no cluster: it has no readable pg_control`,
    {
      next: 'It was deleted before (a restore in place) or damaged. What it had is in Barman: plan a restore to the state before that run.',
    },
  );
}

function keptDirectory({ deps, agent, creation }: Planning, run: string) {
  return keptOf({ reader: deps.database.orm, agent, sub: creation.principal.id }, run);
}

async function planBackup(planning: Planning, request: BackupRequest): Promise<PlanDocument> {
  const { server, agent, creation } = planning;
  const gathered = await gatherProtection(agent, server.name, creation.principal.id);
  return makeBackupPlan({ ...frameInput(planning), request, gathered });
}

/** What the index does not know yet, the mirror holds as well: only the promise is smaller. */
async function planMirror(planning: Planning, request: MirrorRequest): Promise<PlanDocument> {
  const { deps, server, agent, creation } = planning;
  const context = { sub: creation.principal.id, signal: AbortSignal.timeout(catchUpMs) };
  const [{ result: host }] = await Promise.all([
    agent.call('host-facts', { server: server.name }, context),
    deps.index.catchUp(server.name, { limitMs: catchUpMs }),
  ]);
  const window = loadWindow(deps.database.orm, server.name, deps.clock);
  return makeMirrorPlan({ ...frameInput(planning), request, host, window });
}

/** Does not wait for the index: a slot that fills the disk of live is dropped without reading WAL first. */
async function planRebaseline(planning: Planning, request: RebaselineRequest): Promise<PlanDocument> {
  const { server, agent, creation } = planning;
  const gathered = await gatherProtection(agent, server.name, creation.principal.id);
  return makeRebaselinePlan({ ...frameInput(planning), request, gathered });
}

function frameInput({ deps, creation, server }: Planning): FrameInput {
  const { request, principal, planHours } = creation;
  const earlier = earlierRuns(deps.database.orm, server.name, request.scenario);
  const createdAt = deps.clock.now();
  return {
    id: newId(Math.floor(createdAt / 1000)),
    agentId: server.agentId,
    settings: server.settings,
    measures: earlier.measures,
    earlierSystemIdentifier: earlier.systemIdentifier,
    activeRun: earlier.activeRun,
    createdAt,
    expiresAt: createdAt + Math.round(planHours * 3_600_000_000),
    createdBy: principal.id,
  };
}

/** What lies behind a hole or before the newest backup may not have been read yet: then everything is read once. */
async function decideCourse(
  { deps, creation, server: { name: server } }: Planning,
  request: CopyRequest,
  { backups, host }: Gathered,
): Promise<{ search: Search; course: Course }> {
  const decide = async (): Promise<{ search: Search; course: Course }> => {
    const search = searchOf(deps, { server, sub: creation.principal.id, backups });
    return { search, course: await setCourse(search, { request, now: host.time }) };
  };
  try {
    return await decide();
  } catch (error) {
    if (!(error instanceof ProblemError) || problemTypeOf(error.problem) !== 'index-behind') throw error;
    await deps.index.catchUp(server, { all: true, limitMs: catchUpMs });
    return decide();
  }
}

async function filesOf(agent: AgentClient, server: string, backupId: string, sub: string): Promise<number | null> {
  const context = { sub, signal: AbortSignal.timeout(catchUpMs) };
  return (await agent.call('backup-files', { server, backupId }, context)).result.files;
}
