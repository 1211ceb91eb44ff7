import { X509Certificate } from 'node:crypto';
import { receiptBytesMax } from '@barback/shared/wire/receipt.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { Pool } from 'undici';

export interface AgentTransport {
  /** Sends a token and answers the body, whatever the status: only a receipt's signature counts. */
  post(token: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<{ status: number; body: string }>;
  close(): Promise<void>;
}

/** HTTPS to one agent: TLS 1.3 to exactly the enrolled certificate, no redirects, bounded bodies. */
export function openAgentTransport(server: string, url: string, certificate: string): AgentTransport {
  const enrolled = new X509Certificate(certificate);
  const pool = new Pool(new URL(url).origin, {
    connections: 8,
    pipelining: 1,
    // Below the 5 s after which Node's servers close an idle connection, so that no request meets a closing one.
    keepAliveTimeout: 3_000,
    keepAliveMaxTimeout: 3_000,
    maxResponseSize: receiptBytesMax,
    connect: {
      ca: [certificate],
      minVersion: 'TLSv1.3',
      rejectUnauthorized: true,
      timeout: 5_000,
      // The certificate itself is pinned, which says more than the name in it.
      checkServerIdentity: (_host, presented) =>
        enrolled.raw.equals(presented.raw) ? undefined : new Error('the certificate is not the enrolled one'),
    },
  });
  return {
    async post(token, timeoutMs, signal) {
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        const response = await pool.request({
          path: '/v1/op',
          method: 'POST',
          headers: { 'content-type': 'application/jose', accept: 'application/jose' },
          body: token,
          signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
          headersTimeout: timeoutMs,
          bodyTimeout: 10_000,
        });
        return { status: response.statusCode, body: await response.body.text() };
      } catch (error) {
        throw unreachable(server, url, error);
      }
    },
    close: () => pool.close(),
  };
}

function unreachable(server: string, url: string, error: unknown): ProblemError {
  const reason = error instanceof Error ? error.message || error.name : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : null;
  return new ProblemError('agent-unreachable', `cannot reach the agent of ${server} at ${url}: ${reason}`, {
    next: 'Look whether gateway and executor run on the host, and whether this machine reaches the address.',
    facts: { server, url, code },
  });
}
