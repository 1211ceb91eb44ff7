import type { CutoverResult } from '@barback/api/scenarios/cutover-result.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { endOf, request, startRun, type PlanBody, type RunBody } from './barback-client.ts';

/** Now, on the clock of the lab's server, as a target has it. */
export function momentOf({ postgres }: Pick<Lab, 'postgres'>): Promise<string> {
  return sql(postgres, `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);
}

/** A plan as soon as Barman's WAL reaches its target; any other refusal is thrown. */
export function planOnceReachable(lab: Lab, target: object, options: object = {}): Promise<PlanBody> {
  return poll('a plan of it', 60_000, () =>
    planPointInTime(lab, target, options).catch((error: unknown) => {
      if (String(error).includes('target-unreachable')) return undefined;
      throw error;
    }),
  );
}

/** Makes a plan of a restore of live and expects it to be accepted. */
export async function planPointInTime(lab: Lab, target: object, options: object = {}): Promise<PlanBody> {
  const body = { server: lab.server, scenario: 'point-in-time', target, options };
  const answer = await request(lab, 'POST', '/v1/plans', { body });
  if (answer.status !== 201) throw new Error(`cannot plan: ${answer.status} ${answer.text}`);
  return answer.json as PlanBody;
}

/** Plans to put back what a run took from the live path. */
export async function planUndo(lab: Lab, run: RunBody, options: object = {}): Promise<PlanBody> {
  const answer = await request(lab, 'POST', `/v1/runs/${run.id}/undo`, { body: { options } });
  if (answer.status !== 201) throw new Error(`cannot plan: ${answer.status} ${answer.text}`);
  return answer.json as PlanBody;
}

/** Starts a plan and waits for its end, whatever it is. */
async function carryOut(lab: Lab, plan: PlanBody, limitMs = 300_000): Promise<RunBody> {
  const run = await startRun(lab, plan);
  return endOf(lab, run.id, limitMs);
}

/** The same, and it must succeed. */
export async function carryOutWell(lab: Lab, plan: PlanBody, limitMs?: number): Promise<RunBody> {
  const run = await carryOut(lab, plan, limitMs);
  if (run.state !== 'succeeded') throw new Error(`the run did not succeed: ${JSON.stringify(run, null, 1)}`);
  return run;
}

export function cutoverOf(run: RunBody): CutoverResult {
  const { cutover } = run.result as unknown as { cutover: CutoverResult };
  return cutover;
}
