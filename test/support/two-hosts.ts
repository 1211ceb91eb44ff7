import type { Lab } from '../lab/lab.ts';
import type { Box } from './box.ts';
import { mirrorScene } from './mirror-scene.ts';
import { secondHost } from './second-host.ts';

export interface TwoHosts {
  readonly first: Lab;
  readonly second: Lab;
  readonly box: Box;
}

/** A host with its box, and another one as provisioning leaves it; what stops them goes onto `stops`. */
export async function twoHosts(stops: (() => Promise<void>)[]): Promise<TwoHosts> {
  const { lab: first, box, stop } = await mirrorScene();
  stops.push(stop);
  const other = await secondHost(first, box);
  stops.push(other.stop);
  return { first, second: other.lab, box };
}
