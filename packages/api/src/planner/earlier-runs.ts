import type { OpName, Result } from '@barback/shared/operations/index.ts';
import { and, desc, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import type { Reader } from '../db/database.ts';
import { documents, plans, runs } from '../db/schema.ts';
import { loadRun, type Run, type StoredAttempt } from '../engine/load-run.ts';
import { givesWay } from '../scenarios/gives-way.ts';
import type { ScenarioName } from '../scenarios/index.ts';
import type { Measure } from './predict.ts';

/** The run that works on the server now. */
export interface ActiveRun {
  readonly id: string;
  /** Whether it is stopped when the plan is started. */
  readonly givesWay: boolean;
}

/** What earlier runs of a server tell the planner. */
export interface EarlierRuns {
  /** Steps of the last five succeeded runs of the scenario. */
  readonly measures: readonly Measure[];
  /** System identifier that the newest plan saw that saw one; null when none did. */
  readonly systemIdentifier: string | null;
  readonly activeRun: ActiveRun | null;
}

const runsMax = 5;

export function earlierRuns(reader: Reader, server: string, scenario: ScenarioName): EarlierRuns {
  const succeeded = reader
    .select({ id: runs.id })
    .from(runs)
    .where(and(eq(runs.server, server), eq(runs.scenario, scenario), eq(runs.state, 'succeeded')))
    .orderBy(desc(runs.id))
    .limit(runsMax)
    .all();
  const active = reader
    .select({ id: runs.id, scenario: runs.scenario })
    .from(runs)
    .where(and(eq(runs.server, server), inArray(runs.state, ['queued', 'running', 'waiting', 'needs_operator'])))
    .get();
  return {
    measures: succeeded.flatMap(({ id }) => measuresOf(loadRun(reader, id))),
    systemIdentifier: newestSystemIdentifier(reader, server),
    activeRun: active ? { id: active.id, givesWay: givesWay(active.scenario, scenario) } : null,
  };
}

/** From the first intent to the end of the try that succeeded, as an operator waits for it. A person's pause is no measure. */
function measuresOf({ plan, attempts }: Run): Measure[] {
  return plan.steps.flatMap(({ name, action }, index) => {
    const tries = attempts.filter((one) => one.step === index && one.direction === 'forward');
    const [first, last] = [tries[0], tries.find((one) => one.outcome?.is === 'succeeded')];
    if (!first || last?.endedAt == null || action.on === 'person') return [];
    const seconds = (last.endedAt - first.intendedAt) / 1_000_000;
    return [{ step: name, seconds, bytes: action.on === 'agent' ? bytesMoved(action.op, last) : null }];
  });
}

/** By operation: how much it copied, compared or replayed. */
const amounts: { readonly [N in OpName]?: (result: Result<N>) => number } = {
  'scratch-recover': (result) => result.bytes + result.wal.bytes,
  'scratch-verify-manifest': (result) => result.bytes,
  'scratch-replay': (result) => result.replayedBytes,
  'backup-create': (result) => result.sizeBytes ?? 0,
};

function bytesMoved(op: OpName, { outcome }: StoredAttempt): number | null {
  // Keyed by the operation whose contract the result was checked against.
  const amount = amounts[op] as ((result: unknown) => number) | undefined;
  return amount && outcome?.is === 'succeeded' ? amount(outcome.result) : null;
}

/** Plans that were made while live was down saw none. */
function newestSystemIdentifier(reader: Reader, server: string): string | null {
  const seen = sql<string | null>`json_extract(cast(${documents.bytes} as text), '$.systemIdentifier')`;
  const row = reader
    .select({ seen })
    .from(plans)
    .innerJoin(documents, eq(documents.sha256, plans.hash))
    .where(and(eq(plans.server, server), isNotNull(seen)))
    .orderBy(desc(plans.id))
    .limit(1)
    .get();
  return row?.seen ?? null;
}
