import { randomInt } from 'node:crypto';
import { mustRun } from '../lab/run-command.ts';

/** A network namespace with one way out: to this machine, at an address of its own. */
export interface OwnNetwork {
  readonly name: string;
  /** This machine, as seen from there. */
  readonly here: string;
  readonly there: string;
  close(): Promise<void>;
}

/** Only root can make one. */
export async function ownNetwork(): Promise<OwnNetwork> {
  const id = randomInt(2 ** 14);
  const name = `barback-${process.pid}-${id}`;
  // Four addresses of 10.213.0.0/16 to each: network, here, there, broadcast.
  const address = (last: number): string => `10.213.${id >> 6}.${(id & 63) * 4 + last}`;
  const [near, far] = [`bbk${id}a`, `bbk${id}b`];
  const ip = (...words: readonly string[]): Promise<string> => mustRun(['ip', ...words]);
  await ip('netns', 'add', name);
  // The pair of devices goes with the namespace.
  const close = async (): Promise<void> => void (await ip('netns', 'delete', name));
  try {
    await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name);
    await ip('address', 'add', `${address(1)}/30`, 'dev', near);
    await ip('link', 'set', near, 'up');
    await ip('-n', name, 'address', 'add', `${address(2)}/30`, 'dev', far);
    for (const device of [far, 'lo']) await ip('-n', name, 'link', 'set', device, 'up');
    return { name, here: address(1), there: address(2), close };
  } catch (error) {
    await close();
    throw error;
  }
}
