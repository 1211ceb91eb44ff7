import type { Json } from '@barback/shared/wire/json.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { DokployApplication } from '../application-settings.ts';
import type { Integrations, Pace } from '../integrations.ts';
import { dokployClient, type DokployClient } from './client.ts';
import { DokployRefusal } from './dokploy-problem.ts';

/** One service of Dokploy that is being stopped, started or looked at. */
export interface DokployWork {
  readonly client: DokployClient;
  readonly name: string;
  readonly id: string;
  readonly pace: Pace;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

export function dokployWork(
  integrations: Integrations,
  application: DokployApplication,
  signal: AbortSignal,
): DokployWork {
  return {
    client: dokployClient(integrations, application, signal),
    name: application.name,
    id: application.service.id,
    pace: integrations.pace,
    limitMs: application.deadlineSeconds * 1000,
    signal,
  };
}

export type ApplicationState = 'running' | 'stopped' | 'partly' | 'unknown';

/** A failure that says how the application is now. */
export function applicationFailed(
  name: string,
  state: ApplicationState,
  said: { readonly detail: string; readonly next: string; readonly facts?: Readonly<Record<string, Json>> },
): ProblemError {
  return new ProblemError('application-failed', said.detail, {
    next: said.next,
    facts: { ...said.facts, application: name, state },
  });
}

/** False when the user of the key may not: then nothing was changed, and that is bearable. */
export async function ifPermitted(change: () => Promise<void>): Promise<boolean> {
  try {
    await change();
    return true;
  } catch (error) {
    if (error instanceof DokployRefusal && error.code === 'UNAUTHORIZED') return false;
    throw error;
  }
}
