import { segmentStart } from '@barback/shared/postgres/segment.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { waldumpRangeArgv } from '../postgres/argv.ts';
import type { WaldumpLine } from '../postgres/waldump-line.ts';
import { WaldumpScanner, type WaldumpSink } from '../postgres/waldump-scanner.ts';
import { placeFiles } from './place-files.ts';
import { runWaldump } from './run-waldump.ts';
import type { ReplayedRequest, WalAnswer } from './wal-request.ts';

type Records = Omit<Extract<WalAnswer, { is: 'replayed' }>, 'is'>;

/** Every CREATE TABLESPACE and every change of the parameters that a standby needs, in the files. */
export async function readReplayed(request: ReplayedRequest, signal: AbortSignal): Promise<WalAnswer> {
  const { binDirectory, timeline, segmentBytes, files } = request;
  return placeFiles(request, files, async ({ directory, files: placed, stop }) => {
    const [first, last] = [placed[0], placed.at(-1)];
    if (stop?.is === 'fault') throw new ProblemError('wal-missing', stop.fault.detail);
    if (stop?.is === 'moved') return { is: 'moved', segment: stop.segment };
    const found = new ReplayedRecords();
    if (!first || !last) return { is: 'replayed', ...found.records };
    const start = segmentStart({ timeline, number: first.number }, segmentBytes);
    const end = segmentStart({ timeline, number: last.number + 1n }, segmentBytes);
    const scanner = new WaldumpScanner(found, null);
    // WAL that ends before the files do is proven by the replay.
    const argv = waldumpRangeArgv({ binDirectory, directory, timeline, start, end }, 'replayed');
    await runWaldump(argv, segmentBytes, signal, (chunk) => {
      scanner.add(chunk);
      return true;
    });
    scanner.finish();
    return { is: 'replayed', ...found.records };
  });
}

/** Collects the two kinds of record; rows and commits were not asked for. */
class ReplayedRecords implements WaldumpSink {
  readonly records: Records = { created: [], parameters: [] };

  row(): void {}

  commit(): void {}

  record(line: WaldumpLine): void {
    if (line.is === 'tablespace-created') {
      this.records.created.push({ lsn: line.lsn, oid: line.oid, path: line.path });
    } else if (line.is === 'parameters') {
      this.records.parameters.push({ lsn: line.lsn, settings: { ...line.settings } });
    }
  }
}
