import type { Json } from '@barback/shared/wire/json.ts';
import type { DrivenApplication } from './application-settings.ts';
import { observeDokploy, readDokploySnapshot, snapshotDokploy, startDokploy, stopDokploy } from './dokploy/handlers.ts';
import type { ApplicationState } from './dokploy/work.ts';
import type { Integrations } from './integrations.ts';
import { callWebhook } from './webhook/call-webhook.ts';

interface Given {
  /** Names repetitions to the receivers of webhooks. */
  readonly plan: string;
  readonly application: DrivenApplication;
  readonly signal: AbortSignal;
}

/**
 * How the application is before it is stopped, and whether it can be. It must be recorded before `stopApplication` begins: what
 * that changes would otherwise be taken for the former state when it is repeated after a crash.
 */
export async function snapshotApplication(
  integrations: Integrations,
  { application, signal }: Omit<Given, 'plan'>,
): Promise<Json> {
  if (application.kind === 'dokploy') return snapshotDokploy(integrations, application, signal);
  // Both must be there before anything depends on them; the signature is made when it is sent.
  integrations.secrets.read(application.secret);
  return {};
}

/** Stops the application and sees that it has; repeating it is safe with the same snapshot. */
export async function stopApplication(
  integrations: Integrations,
  given: Given & { readonly snapshot: Json },
): Promise<Json> {
  const { application, signal, plan } = given;
  if (application.kind === 'webhook') return callWebhook(integrations, { application, verb: 'stop', plan, signal });
  return stopDokploy(integrations, { application, snapshot: readDokploySnapshot(given.snapshot), signal });
}

/** Brings back what the snapshot says; what did not run before is not started. Repeating it is safe. */
export async function startApplication(
  integrations: Integrations,
  given: Given & { readonly snapshot: Json },
): Promise<Json> {
  const { application, signal, plan } = given;
  if (application.kind === 'webhook') return callWebhook(integrations, { application, verb: 'start', plan, signal });
  return startDokploy(integrations, { application, snapshot: readDokploySnapshot(given.snapshot), signal });
}

/** How it is now; a webhook cannot be asked. */
export async function observeApplication(
  integrations: Integrations,
  { application, signal }: Omit<Given, 'plan'>,
): Promise<{ readonly state: ApplicationState; readonly facts: Json }> {
  if (application.kind === 'webhook') return { state: 'unknown', facts: null };
  return observeDokploy(integrations, application, signal);
}
