import { patient } from '../lab/patience.ts';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';

type Role = 'viewer' | 'operator' | 'approver' | 'admin';

/** The parts of a plan that tests read. */
export interface PlanBody {
  readonly id: string;
  readonly hash: string;
  readonly state: string;
  readonly backup: { readonly id: string; readonly timeline: number; readonly endTime: string };
  readonly findings: readonly {
    readonly code: string;
    readonly severity: string;
    readonly detail: string;
    readonly remedy: string;
  }[];
  readonly stop: { readonly lastKept: Transaction | null } | null;
  readonly predictions: { readonly scratchBytes: number; readonly walBytes: number | null };
  readonly steps: readonly { readonly name: string; readonly class: string | null; readonly on: string }[];
}

/** The parts of a step in a run that tests read. */
export interface StepBody {
  readonly name: string;
  readonly state: string;
  readonly attempts: number;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly progress: { readonly bytes: number; readonly totalBytes: number | null; readonly phase: string } | null;
  readonly error: { readonly type: string; readonly detail: string } | null;
  readonly result: unknown;
}

interface Transaction {
  readonly xid: number;
  readonly lsn: string;
  readonly time: string;
}

/** The parts of a drill's result that tests read. */
export interface DrillBody {
  readonly backupId: string;
  readonly timeline: number;
  readonly manifest: string;
  readonly lastReplayed: Transaction | null;
  readonly firstSkipped: Transaction | null;
  readonly probes: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly rows: readonly Readonly<Record<string, string | null>>[] | null;
    readonly error: string | null;
  }[];
  readonly phases: Readonly<Record<string, number>>;
  readonly rtoSeconds: number | null;
}

export interface RunBody {
  readonly id: string;
  readonly planId: string;
  readonly state: string;
  readonly liveDatabase: string;
  readonly steps: readonly StepBody[];
  readonly result: DrillBody | null;
  readonly problem: { readonly type: string; readonly detail: string } | null;
}

const ended = new Set(['succeeded', 'failed', 'cancelled', 'needs_operator']);

/** One request with a role's key; the body is parsed when it is JSON. */
export async function request(
  lab: Lab,
  method: string,
  route: string,
  more: { body?: unknown; role?: Role; headers?: Readonly<Record<string, string>> } = {},
): Promise<{ status: number; headers: Headers; text: string; json: unknown }> {
  const { api } = lab;
  const response = await fetch(`${api.url}${route}`, {
    method,
    redirect: 'error',
    headers: {
      authorization: `Bearer ${api.keys[more.role ?? 'operator']}`,
      ...(more.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...more.headers,
    },
    ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) }),
  });
  const text = await response.text();
  const isJson = /^application\/(problem\+)?json\b/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}

/** Makes a drill plan and expects it to be accepted. */
export async function planDrill(lab: Lab, target: object, options: object = {}): Promise<PlanBody> {
  const body = { server: lab.server, scenario: 'drill', target, options };
  const response = await request(lab, 'POST', '/v1/plans', { body });
  if (response.status !== 201) throw new Error(`cannot plan: ${response.status} ${response.text}`);
  return response.json as PlanBody;
}

/** The parts of a problem that tests read. */
export interface ProblemBody {
  readonly type: string;
  readonly detail: string;
  readonly next?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** Asks for a drill plan and expects it to be refused because of its target. */
export async function refusedDrill(lab: Lab, target: object): Promise<ProblemBody> {
  const body = { server: lab.server, scenario: 'drill', target };
  const response = await request(lab, 'POST', '/v1/plans', { body });
  if (response.status !== 422) throw new Error(`not refused: ${response.status} ${response.text}`);
  return response.json as ProblemBody;
}

export async function startRun(lab: Lab, plan: PlanBody): Promise<RunBody> {
  const response = await request(lab, 'POST', `/v1/plans/${plan.id}/runs`);
  if (response.status !== 202) throw new Error(`cannot start: ${response.status} ${response.text}`);
  return response.json as RunBody;
}

async function getRun(lab: Lab, id: string): Promise<RunBody> {
  const response = await request(lab, 'GET', `/v1/runs/${id}`);
  if (response.status !== 200) throw new Error(`cannot read run ${id}: ${response.status} ${response.text}`);
  return response.json as RunBody;
}

/** Polls the run until `until` holds; the error shows the run as it last was. */
export async function waitForRun(
  lab: Lab,
  id: string,
  until: (run: RunBody) => boolean,
  limitMs = 120_000,
): Promise<RunBody> {
  const deadline = Date.now() + patient(limitMs);
  for (;;) {
    const run = await getRun(lab, id).catch(() => undefined);
    if (run && until(run)) return run;
    if (run && ended.has(run.state)) throw new Error(`the run ended otherwise: ${JSON.stringify(run, null, 1)}`);
    if (Date.now() > deadline) throw new Error(`the run did not get there: ${JSON.stringify(run, null, 1)}`);
    await delay(50);
  }
}

/** Nothing more is done for it by itself: it waits for nobody, or for an operator. */
export function hasEnded({ state }: RunBody): boolean {
  return ended.has(state);
}

/** Waits for the end of a run, whatever it is. */
export function endOf(lab: Lab, id: string, limitMs = 300_000): Promise<RunBody> {
  return waitForRun(lab, id, hasEnded, limitMs);
}

/** Answers a gate that waits. */
export async function decide(lab: Lab, run: string, gate: string, decision: string): Promise<void> {
  const answer = await request(lab, 'POST', `/v1/runs/${run}/gates/${gate}`, { body: { decision } });
  if (answer.status !== 200) throw new Error(`cannot decide ${gate} of run ${run}: ${answer.text}`);
}

/** Lets a run that waits for an operator go on. */
export async function resume(lab: Lab, run: string): Promise<void> {
  const answer = await request(lab, 'POST', `/v1/runs/${run}/resume`);
  if (answer.status !== 202) throw new Error(`cannot resume run ${run}: ${answer.text}`);
}

/** Plans, starts and waits for the end of a drill, whatever it is. */
export async function runDrill(lab: Lab, target: object, options: object = {}): Promise<RunBody> {
  const run = await startRun(lab, await planDrill(lab, target, options));
  return endOf(lab, run.id, 120_000);
}

export function stepOf(run: RunBody, name: string): StepBody {
  const step = run.steps.find((one) => one.name === name);
  if (!step) throw new Error(`run ${run.id} has no step ${name}: ${run.steps.map((one) => one.name).join(', ')}`);
  return step;
}
