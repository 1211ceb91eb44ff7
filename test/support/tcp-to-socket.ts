import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import type { LabPostgres } from '../lab/lab.ts';

/** A port of this machine that leads to a lab's PostgreSQL, which has none: as the address that an application has in its environment. */
export async function openAddress(
  postgres: Pick<LabPostgres, 'host' | 'port'>,
): Promise<{ port: number; close: () => Promise<void> }> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const behind = connect(path.join(postgres.host, `.s.PGSQL.${postgres.port}`));
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
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
