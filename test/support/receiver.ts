import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Something that is told what happens. */
export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** What it answers next: a status, with a Location for a redirect; `hang` never answers. */
  answer: (request: Received) => { readonly status: number; readonly location?: string } | 'hang';
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const receiver = { answer: () => ({ status: 204 }) } as Pick<Receiver, 'answer'>;
  const server = createServer((request, response) => {
    void (async () => {
      const one = { path: request.url ?? '', headers: request.headers, body: await text(request) };
      received.push(one);
      const answer = receiver.answer(one);
      if (answer === 'hang') return;
      response.writeHead(answer.status, answer.location === undefined ? {} : { location: answer.location }).end();
    })().catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
