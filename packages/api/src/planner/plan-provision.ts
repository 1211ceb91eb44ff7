import type { Result } from '@barback/shared/operations/index.ts';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { AgentClient, AgentDirectory } from '../agents/agent-client.ts';
import type { Reader } from '../db/database.ts';
import type { Principal } from '../keys/principal.ts';
import { provision } from '../scenarios/provision.ts';
import { loadServer, type Server } from '../servers/server-store.ts';
import { inOrder } from './findings/order.ts';
import { provisionFindings } from './findings/provision-rules.ts';
import { planFormat, provisionPlanSchema, type ProvisionPlan } from './plan-document.ts';
import type { FrameInput } from './plan-frame.ts';
import type { ProvisionRequest } from './plan-request.ts';
import { simplePredictions } from './predict.ts';

interface Planning {
  readonly reader: Reader;
  readonly agents: AgentDirectory;
  readonly agent: AgentClient;
  readonly principal: Principal;
  readonly frame: FrameInput;
}

const lookMs = 15 * 60_000;
const answerMs = 10_000;

/** Asks Terraform what it would do, and the old host whether it is there: its agent, its sshd, and its provider. */
export async function planProvision(
  { reader, agents, agent, principal, frame }: Planning,
  request: ProvisionRequest,
): Promise<ProvisionPlan> {
  const { server, options } = request;
  const replaced = loadServer(reader, options.replaces, principal);
  if (replaced.kind !== 'database') throw noDatabase(replaced.name);
  const sub = principal.id;
  const signal = AbortSignal.timeout(lookMs);
  const [{ result: look }, { result: reached }, oldAnswers] = await Promise.all([
    options.byHand ? { result: null } : agent.call('provision-look', { server }, { sub, signal }),
    agent.call('host-reach', { server, host: replaced.name }, { sub, signal }),
    answers(agents.client(replaced.name), replaced.name, sub),
  ]);
  return makeProvisionPlan({ frame, request, look, replaced, oldAnswers, ssh: reached.ssh });
}

async function answers(client: AgentClient, server: string, sub: string): Promise<boolean> {
  try {
    await client.call('agent-facts', { server }, { sub, signal: AbortSignal.timeout(answerMs) });
    return true;
  } catch (error) {
    if (error instanceof ProblemError) return false;
    throw error;
  }
}

interface Input {
  readonly frame: FrameInput;
  readonly request: ProvisionRequest;
  readonly look: Result<'provision-look'> | null;
  readonly replaced: Pick<Server, 'name' | 'agentId' | 'agentKey'>;
  readonly oldAnswers: boolean;
  readonly ssh: Result<'host-reach'>['ssh'];
}

/** Terraform never without a second person: the hash that is approved holds the digest of every change. */
function approvals(isApplied: boolean, asked: number | undefined): number {
  const least = isApplied ? 1 : 0;
  return Math.max(least, asked ?? least);
}

function makeProvisionPlan({ frame, request, look, replaced, oldAnswers, ssh }: Input): ProvisionPlan {
  const { server, scenario, options } = request;
  const steps = provision.steps(options, { server, digest: look?.digest ?? null, agentKey: replaced.agentKey });
  const { settings, createdAt, expiresAt } = frame;
  return provisionPlanSchema.parse({
    format: planFormat,
    id: frame.id,
    server,
    agent: frame.agentId,
    scenario,
    createdAt: formatInstant(createdAt),
    expiresAt: formatInstant(expiresAt),
    createdBy: frame.createdBy,
    options: JSON.parse(JSON.stringify(options)) as unknown,
    findings: inOrder(provisionFindings({ replaces: replaced.name, look, oldAnswers, ssh })),
    predictions: simplePredictions(
      steps.map(({ name }) => ({ step: name, bytes: null })),
      frame.measures,
      provision.undo,
    ),
    approvalsRequired: approvals(look !== null, settings.approvals[scenario]),
    settings,
    systemIdentifier: null,
    postgresVersionNum: null,
    barmanVersion: '',
    replaces: replaced.name,
    oldAgent: replaced.agentId,
    terraform: look,
    steps,
  });
}

function noDatabase(name: string): ProblemError {
  return new ProblemError('provision-refused', `${name} makes hosts: it is no database that could be lost`, {
    next: 'Name the server whose host is to be made anew under "replaces".',
  });
}
