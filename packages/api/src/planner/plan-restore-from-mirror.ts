import type { AgentClient } from '../agents/agent-client.ts';
import type { Reader } from '../db/database.ts';
import { lastLeftBehind, lostBehind } from '../mirror/left-behind.ts';
import { chooseMirrored } from './choose-mirrored.ts';
import { gatherCutover } from './gather.ts';
import { makeRestoreFromMirrorPlan } from './make-restore-from-mirror-plan.ts';
import type { RestoreFromMirrorPlan } from './plan-document.ts';
import type { FrameInput } from './plan-frame.ts';
import type { RestoreFromMirrorRequest } from './plan-request.ts';

interface Planning {
  readonly reader: Reader;
  readonly agent: AgentClient;
  readonly sub: string;
  readonly frame: FrameInput;
}

const catalogueMs = 180_000;

/** Made from the facts of the new host and of the box alone: what the index knows is of the host that is gone. */
export async function planRestoreFromMirror(
  { reader, agent, sub, frame }: Planning,
  request: RestoreFromMirrorRequest,
): Promise<RestoreFromMirrorPlan> {
  const { server } = request;
  const context = { sub, signal: AbortSignal.timeout(catalogueMs) };
  const [{ result: host }, cutover, { result: catalogue }, { result: vault }] = await Promise.all([
    agent.call('host-facts', { server }, context),
    gatherCutover(agent, server, sub),
    agent.call('mirror-catalogue', { server }, context),
    agent.call('vault-compare', { server }, context),
  ]);
  const left = lastLeftBehind(reader, server);
  return makeRestoreFromMirrorPlan({
    ...frame,
    request,
    host,
    cutover,
    catalogue,
    vault,
    chosen: chooseMirrored(catalogue, request.backup),
    lost: lostBehind(left, catalogue.newestCommit),
    lastKnown: left?.mirroredAt ?? null,
  });
}
