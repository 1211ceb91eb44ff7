import { setTimeout as delay } from 'node:timers/promises';
import type { Json } from '@barback/shared/wire/json.ts';
import { askPeer, NoAnswer, type PeerAnswer } from '../ask-peer.ts';
import type { Integrations } from '../integrations.ts';
import type { HttpSmoke } from '../smoke-settings.ts';
import { valueAt } from './json-path.ts';

export interface SmokeResult {
  readonly name: string;
  readonly ok: boolean;
  /** What the last answer was. */
  readonly detail: string;
  readonly attempts: number;
}

const requestLimitMs = 15_000;

/** Asks until the answer is the expected one or the deadline has passed: an application that starts is not ready at once. */
export async function runHttpSmoke(
  integrations: Integrations,
  check: HttpSmoke,
  signal: AbortSignal,
): Promise<SmokeResult> {
  const deadline = AbortSignal.timeout(check.deadlineSeconds * 1000);
  const within = AbortSignal.any([deadline, signal]);
  let detail = `no answer within ${check.deadlineSeconds} s`;
  for (
    let attempts = 1, waitMs = integrations.pace.retryMs;
    ;
    attempts += 1, waitMs = Math.min(waitMs * 2, integrations.pace.retryMs * 16)
  ) {
    try {
      const { url, method } = check;
      const answer = await askPeer(integrations, { url, method, limitMs: requestLimitMs, signal: within });
      const verdict = judgeAnswer(check, answer);
      if (verdict.ok) return { name: check.name, ...verdict, attempts };
      detail = verdict.detail;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof NoAnswer) && !deadline.aborted) throw error;
      if (error instanceof NoAnswer) detail = `no answer: ${error.message}`;
    }
    await delay(waitMs, undefined, { signal: within }).catch(() => undefined);
    signal.throwIfAborted();
    if (deadline.aborted) return { name: check.name, ok: false, detail, attempts };
  }
}

function judgeAnswer(check: HttpSmoke, answer: Pick<PeerAnswer, 'status' | 'text'>): { ok: boolean; detail: string } {
  if (answer.status !== check.expectStatus)
    return { ok: false, detail: `status ${answer.status}, not ${check.expectStatus}` };
  if (check.jsonPath === undefined) return { ok: true, detail: `status ${answer.status}` };
  const value = jsonOf(answer.text);
  if (value === undefined) return { ok: false, detail: 'the answer is no JSON' };
  const found = valueAt(value, check.jsonPath);
  if (found === undefined) return { ok: false, detail: `there is no ${check.jsonPath} in the answer` };
  if (check.equals === undefined) return { ok: true, detail: `status ${answer.status}, ${check.jsonPath} is there` };
  const shown = JSON.stringify(found).slice(0, 100);
  if (found === check.equals) return { ok: true, detail: `status ${answer.status}, ${check.jsonPath} is ${shown}` };
  return { ok: false, detail: `${check.jsonPath} is ${shown}, not ${JSON.stringify(check.equals)}` };
}

function jsonOf(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
