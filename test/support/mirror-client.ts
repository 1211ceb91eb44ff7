import type { MirrorView } from '@barback/api/mirror/mirror-view.ts';
import type { MirrorResult } from '@barback/api/scenarios/small-results.ts';
import type { Lab } from '../lab/lab.ts';
import { endOf, request, type RunBody } from './barback-client.ts';

export type MirrorRun = RunBody & { readonly mirrored: MirrorResult };

export async function startMirror(lab: Lab, options: object = {}): Promise<string> {
  const body = { server: lab.server, scenario: 'mirror', options };
  const answer = await request(lab, 'POST', '/v1/runs', { body });
  if (answer.status !== 202) throw new Error(`cannot mirror: ${answer.status} ${answer.text}`);
  return (answer.json as RunBody).id;
}

/** Brings the mirror up to date and waits for the end of that, whatever it is. */
export async function mirror(lab: Lab, options: object = {}): Promise<MirrorRun> {
  const run = await endOf(lab, await startMirror(lab, options));
  return { ...run, mirrored: run.result as unknown as MirrorResult };
}

/** The same, and it must succeed. */
export async function mirrorWell(lab: Lab, options: object = {}): Promise<MirrorResult> {
  const run = await mirror(lab, options);
  if (run.state !== 'succeeded') throw new Error(`the mirror failed: ${JSON.stringify(run.problem)}`);
  return run.mirrored;
}

export async function mirrorPage(lab: Lab): Promise<MirrorView> {
  return (await request(lab, 'GET', `/v1/servers/${lab.server}/mirror`)).json as MirrorView;
}
