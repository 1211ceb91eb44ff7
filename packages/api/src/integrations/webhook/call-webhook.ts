import { setTimeout as delay } from 'node:timers/promises';
import type { Json } from '@barback/shared/wire/json.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import type { WebhookApplication } from '../application-settings.ts';
import { askPeer, NoAnswer } from '../ask-peer.ts';
import type { Integrations } from '../integrations.ts';
import { signedHeaders } from './sign.ts';

const requestLimitMs = 30_000;

/** Of these a receiver can recover by itself: too early, too many, a proxy in front of one that starts. */
const again = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Tells the receiver to stop or start the application until it says 2xx. Every try has the same `webhook-id`, made of the plan, so
 * that the receiver can tell a repetition, also after a restart of the api.
 */
export async function callWebhook(
  integrations: Integrations,
  given: {
    readonly application: WebhookApplication;
    readonly verb: 'stop' | 'start';
    readonly plan: string;
    readonly signal: AbortSignal;
  },
): Promise<Json> {
  const { application, verb, plan, signal } = given;
  const url = verb === 'stop' ? application.stopUrl : application.startUrl;
  const id = `msg_${plan}_${application.name}_${verb}`;
  const data = { plan, application: application.name };
  const body = JSON.stringify({
    type: `application.${verb}`,
    timestamp: formatInstant(integrations.clock.now()),
    data,
  });
  const deadline = AbortSignal.timeout(application.deadlineSeconds * 1000);
  const within = AbortSignal.any([deadline, signal]);
  let said = 'nothing';
  for (
    let tries = 1, waitMs = integrations.pace.retryMs;
    ;
    tries += 1, waitMs = Math.min(waitMs * 2, integrations.pace.retryMs * 16)
  ) {
    const seconds = Math.floor(integrations.clock.now() / 1_000_000);
    const secret = integrations.secrets.read(application.secret);
    const headers = signedHeaders(application.secret, secret, { id, seconds, body });
    try {
      const { status } = await askPeer(integrations, {
        url,
        method: 'POST',
        headers,
        body,
        limitMs: requestLimitMs,
        signal: within,
      });
      if (status >= 200 && status < 300) return { webhookId: id, status, tries };
      said = String(status);
      if (!again.has(status)) throw refused(application, verb, url, said);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ProblemError) throw error;
      if (!(error instanceof NoAnswer) && !deadline.aborted) throw error;
      if (error instanceof NoAnswer) said = error.message;
    }
    await delay(waitMs, undefined, { signal: within }).catch(() => undefined);
    signal.throwIfAborted();
    if (deadline.aborted) throw refused(application, verb, url, `${said}, in ${tries} tries`);
  }
}

function refused({ name, deadlineSeconds }: WebhookApplication, verb: string, url: string, said: string): ProblemError {
  const { origin, pathname } = new URL(url);
  return new ProblemError(
    'application-failed',
    `The webhook that is to ${verb} ${name} did not say 2xx within ${deadlineSeconds} s (${origin}${pathname}: ${said}); whether ${name} runs is not known`,
    {
      next: `Look at the receiver, and ${verb} the application by hand where it must be. A repetition carries the same webhook-id; redirects are not followed.`,
      facts: { application: name, state: 'unknown' },
    },
  );
}
