import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { ApiConfig } from '../config.ts';

type Fetch = Parameters<typeof getRequestListener>[0];

export interface Listening {
  readonly url: string;
  /** Takes no new requests and waits for those under way; idle connections are closed. */
  close(): Promise<void>;
}

const limits = {
  /** Header lines of a request together. */
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
} as const;

const closeGraceMs = 2_000;

/** Listens as configured: TLS 1.3, or plain HTTP on loopback. */
export async function listen(fetch: Fetch, config: ApiConfig['listen']): Promise<Listening> {
  const listener = getRequestListener(fetch, { overrideGlobalObjects: false });
  const handle = (...parts: Parameters<typeof listener>): void => void listener(...parts);
  const server =
    config.tls === undefined
      ? createHttpServer(limits, handle)
      : createHttpsServer(
          {
            ...limits,
            minVersion: 'TLSv1.3',
            cert: readFileSync(config.tls.certificateFile),
            key: readFileSync(config.tls.keyFile),
          },
          handle,
        );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, resolve);
  });
  const { address, port, family } = server.address() as AddressInfo;
  const host = family === 'IPv6' ? `[${address}]` : address;
  return {
    url: `${config.tls === undefined ? 'http' : 'https'}://${host}:${port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const force = setTimeout(() => server.closeAllConnections(), closeGraceMs);
      await closed;
      clearTimeout(force);
    },
  };
}
