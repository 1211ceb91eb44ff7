import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { readIfExists } from '../system/files.ts';
import type { GatewaySettings } from './settings.ts';

const inFlightMax = 64;
const limits = {
  maxHeaderSize: 8192,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
};

/** Speaks TLS and carries lines to the executor and back, unopened. Returns when it listens. */
export async function startGateway(settings: GatewaySettings): Promise<Server> {
  const [cert, key] = await Promise.all([settings.certificateFile, settings.keyFile].map(readIfExists));
  if (!cert || !key)
    throw new Error('cannot read the certificate or its key: make them with the sub-command "certificate"');
  let inFlight = 0;
  const server = createServer({ cert, key, minVersion: 'TLSv1.3', handshakeTimeout: 5_000, ...limits }, (req, res) => {
    if (inFlight >= inFlightMax) return refuse(settings, res, 'busy');
    inFlight += 1;
    res.once('close', () => (inFlight -= 1));
    answer(settings, req, res).catch(() => refuse(settings, res, 'no-executor'));
  });
  server.maxConnections = 2 * inFlightMax;
  server.listen(settings.port, settings.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  process.stdout.write(`${JSON.stringify({ listening: `https://${host}:${port}` })}\n`);
  return server;
}

async function answer(settings: GatewaySettings, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const turnedAway = turnAway(req);
  const body = turnedAway ? undefined : await readBody(req, settings.requestBytesMax);
  if (turnedAway || body === undefined) {
    const why = turnedAway ?? 'too-large';
    refuse(settings, res, why);
    // The executor keeps the record of what was refused; a line that no token can be is only recorded.
    await forward(settings, `!${why}`, res).catch(() => undefined);
    return;
  }
  const line = /^[A-Za-z0-9._-]*$/.test(body) ? body : '!characters';
  const receipt = await forward(settings, line, res);
  if (receipt === '') return refuse(settings, res, 'no-executor');
  if (!receipt.includes('.')) return refuse(settings, res, 'unauthenticated');
  res.writeHead(200, {
    'content-type': 'application/jose',
    'content-length': receipt.length,
    'cache-control': 'no-store',
  });
  res.end(receipt);
}

function turnAway(req: IncomingMessage): 'path' | 'method' | 'media-type' | undefined {
  if (req.url !== '/v1/op') return 'path';
  if (req.method !== 'POST') return 'method';
  const coded = req.headers['content-encoding'] !== undefined;
  return req.headers['content-type'] === 'application/jose' && !coded ? undefined : 'media-type';
}

function refuse(settings: GatewaySettings, res: ServerResponse, why: keyof GatewaySettings['refusals']): void {
  if (res.headersSent || res.destroyed) return;
  const { status, body } = settings.refusals[why];
  const retry = status === 429 || status === 503 ? { 'retry-after': '1' } : {};
  res.writeHead(status, { 'content-type': 'application/problem+json', connection: 'close', ...retry }).end(body);
}

async function readBody(req: IncomingMessage, bytesMax: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Ending this loop must not destroy the request: its answer is still to be written.
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}

async function forward(settings: GatewaySettings, line: string, res: ServerResponse): Promise<string> {
  const socket = connect(settings.socket);
  res.once('close', () => line.startsWith('!') || socket.destroy());
  socket.setEncoding('latin1');
  socket.write(`${line}\n`);
  let received = '';
  for await (const chunk of socket as AsyncIterable<string>) {
    received += chunk;
    if (received.length > settings.answerBytesMax + 1) throw new Error('the executor answers too much');
  }
  return received.endsWith('\n') ? received.slice(0, -1) : '';
}
