import type { Params, Result } from '@barback/shared/operations/index.ts';
import { operations } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { largestCapacity, recordedCapacity } from '../postgres/capacity.ts';
import { readIfExists } from '../system/files.ts';
import { requirePlan } from './backup-lease.ts';
import type { Handler } from './handler.ts';
import { refuseTablespaces } from './refuse-tablespaces.ts';
import { readRecovered, requireRecovered, writeRecovered, type Recovered } from './scratch-completion.ts';
import { scratchPlace, type ScratchPlace } from './scratch-place.ts';
import { requireRecord, stillOwned } from './scratch-record.ts';
import { copyPlaces, livePlaces, withSpaceGuard } from './space-guard.ts';
import { neededUpTo, stageCopyWal, type StageWork } from './stage-copy-wal.ts';
import { readStagedRecords } from './staged-records.ts';
import { takeOverScratch } from './take-over-scratch.ts';

type AdoptParams = Params<'scratch-adopt'>;

/** Repeating it is safe: what was taken over stays so, and WAL is copied again from where the former target lay. */
export const scratchAdopt: Handler<'scratch-adopt'> = {
  async perform(host, params, call) {
    const place = await takeOverScratch(host, { from: params.from, to: requirePlan(call) }, call, (copy) =>
      refuseOther(copy, params),
    );
    const before = await requireRecovered(place);
    const places = [...(await livePlaces(host)), ...copyPlaces(await requireRecord(place))];
    return withSpaceGuard(host, places, call.signal, async (signal) => {
      const recovered = await further({ host, place, params, call: { ...call, signal } }, before);
      await writeRecovered(place, recovered);
      return resultOf(place, recovered);
    });
  },

  async observe(host, params, call) {
    const place = scratchPlace(host, requirePlan(call));
    const recovered = await readRecovered(place);
    const isDone = recovered !== undefined && isSame(recovered.params.target, params.target);
    if (!isDone || !(await stillOwned((await requireRecord(place)).directory))) return { is: 'absent' };
    return { is: 'complete', result: await resultOf(place, recovered) };
  },
};

/** What the plan goes by must be what lies there: only a copy that is paused before the new target can be replayed to it. */
function refuseOther({ params }: Recovered, wanted: AdoptParams): void {
  const { backupId, timeline } = wanted;
  if (params.backupId === backupId && params.timeline === timeline) return;
  throw new ProblemError(
    'plan-void',
    `the copy of plan ${wanted.from} is of backup ${params.backupId} on timeline ${params.timeline}, the plan asks for ${backupId} on ${timeline}`,
    { next: 'make a new plan; the copy is left as it is' },
  );
}

/** The WAL between the two targets, and what it asks of a copy. */
async function further(work: StageWork, before: Recovered): Promise<Recovered> {
  const { host, params, call } = work;
  const { segmentBytes, required } = before.request;
  const request = { ...before.request, ...neededUpTo(params, required, segmentBytes) };
  const wal = await stageCopyWal(work, request, required);
  const formerTarget = before.params.target;
  const redo = formerTarget.type === 'lsn' ? formerTarget.lsn : null;
  const records = await readStagedRecords(host, { ...wal.staged, redo }, params.target, call);
  refuseTablespaces(records);
  const recorded = records.parameters.map((one) => recordedCapacity(one.settings));
  return {
    ...before,
    params: { ...before.params, target: params.target },
    result: { ...before.result, wal: wal.summary },
    gap: wal.gap,
    capacity: largestCapacity([before.capacity, ...recorded]),
    request,
  };
}

async function resultOf(place: ScratchPlace, { result }: Recovered): Promise<Result<'scratch-adopt'>> {
  const verified = await readIfExists(place.verifiedFile);
  const { result: schema } = operations['scratch-verify-manifest'];
  return { recovered: result, manifest: verified === undefined ? null : schema.parse(JSON.parse(verified)) };
}

function isSame(one: AdoptParams['target'], other: AdoptParams['target']): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
