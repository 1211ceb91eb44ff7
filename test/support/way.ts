import { createServer, type AddressInfo, type Socket } from 'node:net';

/** A port of this machine that leads somewhere else. */
export interface Way {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Everything that is sent either way is passed on, until so many bytes have come back: then the way leads nowhere. */
export async function openWay(connectBehind: () => Socket, afterBytes = Infinity): Promise<Way> {
  const open = new Set<Socket>();
  let left = afterBytes;
  const server = createServer((client) => {
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
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const one of open) one.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
