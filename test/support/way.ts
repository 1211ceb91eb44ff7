import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** A port of this machine that leads somewhere else. */
export interface Way {
  readonly port: number;
  readonly close: () => Promise<void>;
}

export interface WayOptions {
  /** Until so many bytes have come back: then the way leads nowhere. */
  readonly afterBytes?: number;
  /** Where it begins; 127.0.0.1 when left out. */
  readonly host?: string;
  /** PEM: TLS ends here. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** Everything that is sent either way is passed on. */
export async function openWay(connectBehind: () => Socket, options: WayOptions = {}): Promise<Way> {
  const { afterBytes = Infinity, host = '127.0.0.1', tls } = options;
  const open = new Set<Socket>();
  let left = afterBytes;
  const pass = (client: Socket): void => {
    const behind = connectBehind();
    for (const one of [client, behind]) {
      open.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        open.delete(one);
        client.destroy();
        behind.destroy();
      });
    }
    if (left <= 0) client.destroy();
    behind.on('data', (chunk) => {
      left -= chunk.length;
      if (left <= 0) for (const one of open) one.destroy();
    });
    client.pipe(behind);
    behind.pipe(client);
  };
  const server = tls ? createTlsServer({ cert: tls.certificate, key: tls.key }, pass) : createServer(pass);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const one of open) one.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
