import { createServer, type Server, type Socket } from 'node:net';
import { tokenBytesMax } from '@barback/shared/wire/token.ts';
import { openSocketFile } from '../system/socket-file.ts';

/** More than the gateway ever opens. */
const connectionsMax = 128;
const lineTimeoutMs = 10_000;

export type HandleLine = (line: string, signal: AbortSignal) => Promise<string>;

/** Listens on the executor's socket: one line in, one line out, then the end. */
export async function listen(socketFile: string, group: string | undefined, handle: HandleLine): Promise<Server> {
  const server = createServer((socket) => {
    serve(socket, handle).catch((error: unknown) => {
      process.stderr.write(
        `cannot answer: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
      socket.destroy();
    });
  });
  server.maxConnections = connectionsMax;
  await openSocketFile(server, socketFile, group);
  return server;
}

async function serve(socket: Socket, handle: HandleLine): Promise<void> {
  const gone = new AbortController();
  socket.on('close', () => gone.abort());
  // A peer that vanished is noticed by the close that follows.
  socket.on('error', () => undefined);
  const line = await readLine(socket);
  if (line === undefined) {
    socket.destroy();
    return;
  }
  const answer = await handle(line, gone.signal);
  if (!socket.destroyed) socket.end(`${answer}\n`);
}

/** The first line; undefined when it is too long, too slow, or does not end. */
async function readLine(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const done = (line: string | undefined) => {
      clearTimeout(timer);
      socket.off('data', onData);
      resolve(line);
    };
    const timer = setTimeout(() => done(undefined), lineTimeoutMs);
    const onData = (chunk: Buffer) => {
      const end = chunk.indexOf(0x0a);
      bytes += chunk.length;
      if (bytes > tokenBytesMax + 1) return done(undefined);
      chunks.push(end < 0 ? chunk : chunk.subarray(0, end));
      if (end >= 0) done(Buffer.concat(chunks).toString('latin1'));
    };
    socket.on('data', onData);
    socket.once('close', () => done(undefined));
  });
}
