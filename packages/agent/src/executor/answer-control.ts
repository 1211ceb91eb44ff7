import type { ControlName, ControlParams, ControlResult } from '@barback/shared/operations/controls.ts';
import { minuteMs } from '@barback/shared/operations/contract.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { waitForJob } from '../jobs/wait.ts';
import { errorOfProblem } from '../problem-of-error.ts';
import { hostOf } from '../registry.ts';
import { decideClaim, readFence, writeFence } from './fence.ts';
import { busyJob, currentView } from './job-views.ts';
import { limited } from './limited.ts';
import type { Asked, Parts } from './parts.ts';

/** Observing looks at the world; it must be quick. */
const observeLimitMs = minuteMs;

type ControlAnswers = {
  readonly [N in ControlName]: (parts: Parts, params: ControlParams<N>, asked: Asked) => Promise<ControlResult<N>>;
};

const answers: ControlAnswers = {
  'server-claim': async (parts, { server, plan, expect }) =>
    parts.servers.run(server, async () => {
      const { stateDirectory } = parts.config;
      const current = await readFence(stateDirectory, server);
      const busy = current.plan === plan || current.fence !== expect ? undefined : await busyJob(parts, server);
      const decision = decideClaim(current, plan, expect, busy);
      if (decision.is === 'refused') throw errorOfProblem(decision.problem);
      if (decision.is === 'issued') await writeFence(stateDirectory, server, decision.fence);
      // Whoever claims a server is about to send jobs.
      parts.launcher.prepare();
      return { fence: decision.fence.fence };
    }),

  'job-status': async (parts, { opid, waitMs, progressAt }, { signal }) => {
    const first = await currentView(parts, opid);
    if (waitMs === 0) return first;
    const view = () => currentView(parts, opid);
    return waitForJob(parts.jobs.pathOf(opid), view, { waitMs, progressAt }, signal);
  },

  'job-cancel': async (parts, { opid }) => {
    const before = await currentView(parts, opid);
    if (before.state !== 'accepted' && before.state !== 'running') return before;
    await parts.jobs.askCancel(opid);
    await parts.launcher.stop(opid);
    return currentView(parts, opid);
  },

  'job-observe': async (parts, { opid }, asked) => {
    const { state } = await currentView(parts, opid);
    if (state === 'accepted' || state === 'running') {
      throw new ProblemError('server-busy', `cannot observe job ${opid}: it is ${state}`, {
        next: 'wait for it with job-status',
      });
    }
    return observe(parts, opid, asked);
  },
};

export async function answerControl(parts: Parts, name: ControlName, params: unknown, asked: Asked): Promise<Json> {
  // The params were parsed by the control's own schema on admission.
  const answer = answers[name] as (parts: Parts, params: unknown, asked: Asked) => Promise<Json>;
  return answer(parts, params, asked);
}

async function observe(parts: Parts, opid: string, asked: Asked): Promise<ControlResult<'job-observe'>> {
  const spec = await parts.jobs.spec(opid);
  const operation = spec && parts.registry.operations.get(spec.op);
  if (!spec || !operation?.handler.observe) {
    throw new ProblemError(
      'unknown-operation',
      `cannot observe job ${opid}: this agent does not know ${spec?.op ?? 'it'}`,
    );
  }
  const { contract, handler } = operation;
  const host = hostOf(parts.config, spec.serverName);
  const observed = await limited(
    { op: `observing ${spec.op}`, opid, plan: spec.plan, limitMs: observeLimitMs, signal: asked.signal },
    async (call) => handler.observe?.(host, contract.params.parse(spec.params), call),
  );
  if (observed?.is === 'complete') {
    return { is: 'complete', result: contract.result.parse(observed.result) as Json, facts: null };
  }
  if (observed?.is === 'partial') return { is: 'partial', result: null, facts: observed.facts };
  return { is: 'absent', result: null, facts: null };
}
