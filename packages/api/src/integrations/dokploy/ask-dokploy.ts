import type { Json } from '@barback/shared/wire/json.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { z } from 'zod';
import type { DokployApplication } from '../application-settings.ts';
import { askPeer, NoAnswer, type PeerAnswer } from '../ask-peer.ts';
import type { Integrations } from '../integrations.ts';
import { dokployProblem } from './dokploy-problem.ts';

/** No answer: the call may have been carried out. */
export class DokploySilence extends ProblemError {
  constructor(where: string, call: string, reason: NoAnswer) {
    super('application-unreachable', `${where} does not answer ${call}: ${reason.message}`, {
      next: 'Look whether Dokploy runs and whether this machine reaches it.',
      facts: { code: reason.code },
    });
    this.name = 'DokploySilence';
  }
}

/** A read takes no longer; a change blocks while docker works. */
const readLimitMs = 15_000;

/** Queries and mutations of one Dokploy, each one request. */
export class DokployWire {
  readonly #integrations: Integrations;
  readonly #origin: string;
  readonly #where: string;
  readonly #secret: string;
  readonly #signal: AbortSignal;

  constructor(
    integrations: Integrations,
    { url, secret }: Pick<DokployApplication, 'url' | 'secret'>,
    signal: AbortSignal,
  ) {
    const { origin, host } = new URL(url);
    this.#integrations = integrations;
    this.#origin = origin;
    this.#where = `Dokploy at ${host}`;
    this.#secret = secret;
    this.#signal = signal;
  }

  async read<T extends z.ZodType>(call: string, query: Record<string, string>, schema: T): Promise<z.output<T>> {
    const answer = await this.#ask(`${call}?${new URLSearchParams(query).toString()}`, call, null, this.#signal);
    const parsed = schema.safeParse(jsonOf(answer.text));
    if (parsed.success) return parsed.data;
    const place = parsed.error.issues[0]?.path.join('.') ?? '';
    const at = place === '' ? '' : ` at ${place}`;
    throw new ProblemError('application-failed', `${this.#where} answered ${call} in an unknown way${at}`, {
      next: 'Compare its version with the tested ones; nothing was changed by this question.',
    });
  }

  /** The body of a good answer says nothing that counts, and is empty for some calls. */
  async change(call: string, body: Json, signal?: AbortSignal): Promise<void> {
    const either = signal === undefined ? this.#signal : AbortSignal.any([this.#signal, signal]);
    await this.#ask(call, call, body, either);
  }

  async #ask(path: string, call: string, body: Json, signal: AbortSignal): Promise<PeerAnswer> {
    const { pace, secrets } = this.#integrations;
    const key = { 'x-api-key': secrets.read(this.#secret) };
    const request =
      body === null
        ? ({ method: 'GET', headers: key, limitMs: Math.min(readLimitMs, pace.callLimitMs) } as const)
        : ({
            method: 'POST',
            headers: { ...key, 'content-type': 'application/json' },
            body: JSON.stringify(body),
            limitMs: pace.callLimitMs,
          } as const);
    const answer = await askPeer(this.#integrations, { url: `${this.#origin}/api/${path}`, ...request, signal }).catch(
      (error: unknown) => {
        throw error instanceof NoAnswer ? new DokploySilence(this.#where, call, error) : error;
      },
    );
    if (answer.status !== 200) throw dokployProblem(this.#where, call, answer);
    return answer;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
