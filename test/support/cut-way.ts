import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A port of this machine that leads to another one until so many bytes have come back, and then to nowhere. */
export interface CutWay {
  readonly port: number;
  close(): Promise<void>;
}

export async function openCutWay(to: number, afterBytes: number): Promise<CutWay> {
  const open = new Set<Socket>();
  let left = afterBytes;
  const server = createServer((client) => {
    const behind = connect(to, '127.0.0.1');
    for (const one of [client, behind]) {
      open.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
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
    async close() {
      for (const one of open) one.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
