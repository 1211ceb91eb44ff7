import type { Lab } from '../lab/lab.ts';
import { request, type PlanBody, type RunBody } from './barback-client.ts';

/** Plans and starts a new baseline in one call, and expects that it is started. */
export async function startRebaseline(lab: Lab, options: object, key?: string): Promise<RunBody> {
  const body = { server: lab.server, scenario: 'rebaseline', options };
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  const answer = await request(lab, 'POST', '/v1/runs', { body, headers });
  if (answer.status !== 202) throw new Error(`cannot start: ${answer.status} ${answer.text}`);
  return answer.json as RunBody;
}

/** Makes a plan of a new baseline and expects it to be accepted. */
export async function planRebaseline(lab: Lab, options: object): Promise<PlanBody> {
  const body = { server: lab.server, scenario: 'rebaseline', options };
  const answer = await request(lab, 'POST', '/v1/plans', { body });
  if (answer.status !== 201) throw new Error(`cannot plan: ${answer.status} ${answer.text}`);
  return answer.json as PlanBody;
}
