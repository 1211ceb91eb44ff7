import type { Json } from '@barback/shared/wire/json.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { addressSchema, type DatabaseAddress } from '../../scenarios/address.ts';
import type { ApiAction } from '../../scenarios/step.ts';
import type { AttemptOutcome } from '../decide.ts';
import type { EngineDeps } from '../engine-deps.ts';
import type { Run } from '../load-run.ts';
import type { Named } from '../outside.ts';

/** Work that reaches beyond this program; each part may be done again after a crash. */
export async function performOutside(
  { outside }: EngineDeps,
  run: Run,
  { op, params }: ApiAction,
  signal: AbortSignal,
): Promise<AttemptOutcome> {
  const named = (key: string): Named => ({
    settings: run.plan.settings,
    name: nameIn(params, key),
    plan: run.plan.id,
    signal,
  });
  try {
    switch (op) {
      case 'application-look':
        return succeeded(await outside.look(named('application')));
      case 'application-stop':
        return succeeded(await outside.stop(named('application'), lookedAt(run, params)));
      case 'application-start':
        return succeeded(await outside.start(named('application'), lookedAt(run, params)));
      case 'application-reconnect':
        return succeeded(await outside.reconnect(named('application'), addressIn(params)));
      case 'smoke-http':
        return succeeded(await outside.check(named('check')));
      default:
        throw new Error(`cannot do ${op} outside of this program`);
    }
  } catch (error) {
    if (!(error instanceof ProblemError) || signal.aborted) throw error;
    return { is: 'failed', problem: error.problem };
  }
}

function succeeded(result: Json): AttemptOutcome {
  return { is: 'succeeded', result };
}

function nameIn(params: Json, key: string): string {
  const value =
    params !== null && typeof params === 'object' && key in params ? (params as Record<string, Json>)[key] : null;
  if (typeof value !== 'string') throw new Error(`cannot find ${key} in the parameters of a step`);
  return value;
}

/** As the plan was frozen with it. */
function addressIn(params: Json): DatabaseAddress {
  return addressSchema.parse((params as Readonly<Record<string, Json>>)['address']);
}

/** How the application was before it was touched: recorded before anything changed. */
function lookedAt(run: Run, params: Json): Json {
  const application = nameIn(params, 'application');
  const step = run.plan.steps.findIndex(
    ({ action }) =>
      action.on === 'api' && action.op === 'application-look' && nameIn(action.params, 'application') === application,
  );
  const outcome = run.attempts.findLast((one) => one.step === step && one.outcome?.is === 'succeeded')?.outcome;
  if (outcome?.is !== 'succeeded') throw new Error(`cannot start or stop ${application}: it was not looked at`);
  return outcome.result;
}
