import type { Integrations } from './integrations.ts';

export interface PeerRequest {
  readonly url: string;
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

export interface PeerAnswer {
  readonly status: number;
  /** In lower case, without parameters; empty when there is none. */
  readonly contentType: string;
  readonly text: string;
  /** `Retry-After` as sent. */
  readonly retryAfter: string | null;
}

/** No answer within the limit, or none at all: what the request did is not known. */
export class NoAnswer extends Error {
  readonly code: string;
  constructor(reason: string, code: string) {
    super(reason);
    this.name = 'NoAnswer';
    this.code = code;
  }
}

/** One request and its whole answer, whatever its status; never repeated and never redirected. Throws NoAnswer. */
export async function askPeer(integrations: Integrations, request: PeerRequest): Promise<PeerAnswer> {
  const { origin, pathname, search } = new URL(request.url);
  const timeout = AbortSignal.timeout(request.limitMs);
  try {
    const answer = await integrations.pool(origin).request({
      path: `${pathname}${search}`,
      method: request.method,
      headers: { accept: 'application/json', 'user-agent': 'barback', ...request.headers },
      ...(request.body === undefined ? {} : { body: request.body }),
      signal: AbortSignal.any([timeout, request.signal]),
      headersTimeout: request.limitMs,
      bodyTimeout: request.limitMs,
    });
    const contentType = (headerOf(answer.headers['content-type']) ?? '').split(';')[0] ?? '';
    return {
      status: answer.statusCode,
      contentType: contentType.trim().toLowerCase(),
      text: await answer.body.text(),
      retryAfter: headerOf(answer.headers['retry-after']),
    };
  } catch (error) {
    request.signal.throwIfAborted();
    if (timeout.aborted) throw new NoAnswer(`no answer within ${request.limitMs / 1000} s`, 'TIMEOUT');
    // undici's own messages and codes name addresses and limits, never headers or bodies.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
    throw new NoAnswer(code, code);
  }
}

function headerOf(value: string | string[] | undefined): string | null {
  return (Array.isArray(value) ? value[0] : value) ?? null;
}
