import type { Result } from '@barback/shared/operations/index.ts';
import { defaultSegmentBytes, parseSegmentName } from '@barback/shared/postgres/segment.ts';
import type { Diagnosis } from '../barman/diagnose.ts';
import type { Handler } from './handler.ts';
import { diagnose, requireBarman } from './run-barman.ts';
import { listWal, readHistories, type WalStore } from './wal-store.ts';

export const walFacts: Handler<'wal-facts'> = {
  async perform(host, _params, call) {
    const version = await requireBarman(host.server, call.signal);
    const diagnosis = await diagnose(host.server, version, call.signal);
    const { wals_directory: wals, streaming_wals_directory: streaming } = diagnosis.config;
    const segmentBytes = segmentBytesOf(diagnosis);
    const store = await listWal({ wals, streaming }, segmentBytes);
    const histories = await readHistories(store);
    return {
      segmentBytes,
      histories: histories.map((one) => ({
        timeline: one.timeline,
        ancestors: one.ancestors.map((each) => ({ ...each })),
      })),
      runs: runsOf(store, segmentBytes),
    };
  },
};

/** All backups of one cluster agree; without any, the size that initdb chooses. */
function segmentBytesOf(diagnosis: Diagnosis): number {
  const known = Object.values(diagnosis.backups).find((one) => typeof one.xlog_segment_size === 'number');
  return known?.xlog_segment_size ?? defaultSegmentBytes;
}

/** Unbroken runs of segments per timeline, in order. */
function runsOf(store: WalStore, segmentBytes: number): Result<'wal-facts'>['runs'] {
  const runs: Result<'wal-facts'>['runs'] = [];
  let expected = { timeline: 0, number: -1n };
  for (const name of [...store.segments.keys()].toSorted()) {
    const segment = parseSegmentName(name, segmentBytes);
    if (!segment) continue;
    const run = runs.at(-1);
    const continues = run && segment.timeline === expected.timeline && segment.number === expected.number;
    const lastIsPartial = store.segments.get(name)?.partial ?? false;
    if (continues) Object.assign(run, { last: name, lastIsPartial });
    else runs.push({ timeline: segment.timeline, first: name, last: name, lastIsPartial });
    expected = { timeline: segment.timeline, number: segment.number + 1n };
  }
  return runs;
}
