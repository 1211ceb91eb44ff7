import type { Json } from '@barback/shared/wire/json.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { DatabaseAddress } from '../../scenarios/address.ts';
import type { DokployApplication } from '../application-settings.ts';
import type { Integrations } from '../integrations.ts';
import type { Environment } from './answers.ts';
import { withAddress } from './environment-edit.ts';
import { dokployWork } from './work.ts';

/**
 * Lets an application find its database at another address from its next start on. Dokploy locks nothing: what is saved is read again before it is
 * replaced, and afterwards. Repeating it is safe; nothing of the environment is told.
 */
export async function reconnectDokploy(
  integrations: Integrations,
  application: DokployApplication,
  { address, signal }: { readonly address: DatabaseAddress; readonly signal: AbortSignal },
): Promise<Json> {
  const { name, service, databaseVariable: variable } = application;
  if (variable === undefined) throw new Error(`cannot reconnect ${name}: its settings name no variable`);
  const { client } = dokployWork(integrations, application, signal);
  const before = await client.environment(service);
  const edit = withAddress(before.env ?? '', variable, address);
  if (edit.is === 'refused') throw refused(application, edit);
  if (edit.is === 'same') return { variable, changed: false };
  if (!isSame(await client.environment(service), before)) throw changedMeanwhile(name, 'nothing was saved');
  await client.saveEnvironment(service, { ...before, env: edit.text });
  if (!isSame(await client.environment(service), { ...before, env: edit.text })) {
    throw changedMeanwhile(name, 'what is saved now is not what was sent');
  }
  return { variable, changed: true };
}

function isSame(one: Environment, other: Environment): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function refused({ name }: DokployApplication, { reason, next }: { reason: string; next: string }): ProblemError {
  return new ProblemError('application-refused', `The environment of ${name} was left as it is: ${reason}`, {
    next: `${next} The database is restored and open; resume the run when that is done.`,
  });
}

function changedMeanwhile(name: string, state: string): ProblemError {
  return new ProblemError(
    'application-refused',
    `Somebody changes the environment of ${name} at this moment; ${state}`,
    {
      next: 'Look at it in Dokploy, and resume the run when nobody works on it any more.',
    },
  );
}
