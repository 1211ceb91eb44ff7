import type { Result } from '@barback/shared/operations/index.ts';
import { parseInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import type { EngineDeps } from '../engine/engine-deps.ts';
import { loadRun, type Run } from '../engine/load-run.ts';
import type { RunView } from '../engine/run-view.ts';
import type { PointInTimePlan } from '../planner/plan-document.ts';
import { setCourse } from '../planner/set-course.ts';
import { resultsOf } from '../scenarios/step-results.ts';
import { searchOf } from '../wal-index/search-of.ts';
import type { WalIndexer } from '../wal-index/wal-indexer.ts';
import { secondsToFloor, type Room } from './time-to-floor.ts';

type Deps = EngineDeps & { readonly index: WalIndexer };
type Waiting = NonNullable<RunView['waiting']>;

/** Somebody waits for the answer; what does not come in time is left out. */
const limitMs = 8_000;

/** What waiting costs while a gate holds a restore that live can still be spared (T34); null for any other run. */
export async function waitingFacts(deps: Deps, run: RunView, sub: string): Promise<Waiting | null> {
  const isOpen = run.steps.some((step) => step.name === 'open' && step.state !== 'pending');
  if (run.gate === null || run.scenario !== 'point-in-time' || isOpen) return null;
  const known = loadRun(deps.database.orm, run.id);
  const plan = known.plan as PointInTimePlan;
  const context = { sub, signal: AbortSignal.timeout(limitMs) };
  const [host] = await Promise.all([
    deps.agents
      .client(run.server)
      .call('host-facts', { server: run.server }, context)
      .then(({ result }) => result)
      .catch(() => null),
    deps.index.catchUp(run.server, { sweep: true, limitMs }).catch(() => null),
  ]);
  const now = host?.time ?? deps.clock.now();
  const stopped = parseInstant(plan.stop?.lastKept?.time ?? '');
  return {
    secondsSinceTarget: stopped.ok ? Math.max(0, (now - stopped.micros) / 1_000_000) : null,
    undone: await undoneByNow(deps, plan, { now, sub }),
    disk: host === null ? null : diskOf(known, host),
  };
}

async function undoneByNow(
  deps: Deps,
  { server, target, backup }: PointInTimePlan,
  { now, sub }: { readonly now: Micros; readonly sub: string },
): Promise<Waiting['undone']> {
  const search = searchOf(deps, { server, sub });
  const question = { request: { server, target, backup: backup.id }, now };
  return setCourse(search, question).then(
    (course) => course.lost,
    () => null,
  );
}

/** Of the data directory's filesystem, with the growth since the run began, the copy left out. */
function diskOf({ plan, attempts }: Run, host: Result<'host-facts'>): Waiting['disk'] {
  const now = roomOf(host);
  if (now === null) return null;
  const first = resultsOf(plan.steps, attempts, 'host-facts')[0]?.result;
  const before = first === undefined ? null : roomOf(first);
  const copied = resultsOf(plan.steps, attempts, 'scratch-recover')[0]?.result.bytes ?? 0;
  const isBeside = deviceOf(host, 'scratch') === deviceOf(host, 'data');
  return {
    freeBytes: now.freeBytes,
    floorBytes: host.freeBytesFloor,
    secondsToFloor:
      before && secondsToFloor({ before, now, copied: isBeside ? copied : 0, floor: host.freeBytesFloor }),
  };
}

function roomOf({ filesystems, time }: Result<'host-facts'>): Room | null {
  const found = filesystems.find((one) => one.role === 'data');
  return found === undefined ? null : { freeBytes: found.freeBytes, at: time };
}

function deviceOf({ filesystems }: Result<'host-facts'>, role: string): string | undefined {
  return filesystems.find((one) => one.role === role)?.device;
}
