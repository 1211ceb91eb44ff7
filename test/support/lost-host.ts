import { expect } from 'vitest';
import { archiveWal } from '../lab/barman-backup.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { request, type PlanBody } from './barback-client.ts';
import { mirrorPage, mirrorWell } from './mirror-client.ts';
import { mark } from './mirror-scene.ts';
import { destroyHost } from './second-host.ts';

/** What a lost host leaves: commits that its mirror has, and commits behind them that the api knew of. */
export interface LeftBehind {
  readonly held: readonly string[];
  readonly lost: readonly string[];
}

/** Writes, mirrors, writes on until the api knows of that too, and destroys the host. */
export async function loseHost(lab: Lab): Promise<LeftBehind> {
  await mark(lab);
  await archiveWal({ postgres: lab.postgres, barman: lab.barman });
  await mark(lab);
  const held = await marksOf(lab);
  await mirrorWell(lab);
  const lost = [await mark(lab), await mark(lab), await mark(lab)];
  await poll('the api knows of what the mirror lacks', 60_000, async () =>
    ((await mirrorPage(lab)).lostNow?.commits ?? 0) >= lost.length ? true : undefined,
  );
  await destroyHost(lab);
  return { held, lost };
}

export async function marksOf(lab: Lab): Promise<string[]> {
  return (await sql(lab.postgres, 'SELECT xid FROM marks ORDER BY xid')).split('\n');
}

export async function planFromMirror(lab: Lab, options: object): Promise<PlanBody> {
  const body = { server: lab.server, scenario: 'restore-from-mirror', options };
  const answer = await request(lab, 'POST', '/v1/plans', { body });
  if (answer.status !== 201) throw new Error(`cannot plan: ${answer.status} ${answer.text}`);
  return answer.json as PlanBody;
}

/** Blocked until somebody says that the old host is gone; with that and what else is asked, ready. */
export async function acknowledgedPlan(lab: Lab, options: object = {}): Promise<PlanBody> {
  const asked = await planFromMirror(lab, options);
  expect([asked.state, asked.findings.map((one) => one.code)]).toEqual([
    'blocked',
    expect.arrayContaining(['old-host']),
  ]);
  const acknowledge = asked.findings.filter((one) => one.severity === 'confirm').map((one) => one.code);
  const made = await planFromMirror(lab, { ...options, acknowledge });
  expect(made.state, JSON.stringify(made.findings)).toBe('ready');
  return made;
}

export function predictedLoss({ predictions }: PlanBody): number | null {
  return (predictions as unknown as { lost: { transactions: number } | null }).lost?.transactions ?? null;
}
