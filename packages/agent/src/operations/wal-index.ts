import { setTimeout as sleep } from 'node:timers/promises';
import type { Params, Result } from '@barback/shared/operations/index.ts';
import { indexBatchSegments } from '@barback/shared/operations/wal-index.ts';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { Call, Handler, Host } from './handler.ts';
import { liveSource } from './live-source.ts';
import { askWalChild, barmanSource, filesOnPath, requestedNumber, type WalSource } from './read-wal.ts';

const budgetMs = 20_000;
const tries = 4;

export const walIndex: Handler<'wal-index'> = {
  async perform(host, params, call) {
    // Barman moves files while they are read: look again.
    for (let attempt = 1; ; attempt += 1) {
      const result = await tryRead(host, params, call);
      if (result !== undefined) return result;
      if (attempt === tries) {
        throw new ProblemError('wal-missing', `WAL from ${params.first} on is moved faster than it can be read`, {
          next: 'try again; if it stays, look at Barman’s log file',
        });
      }
      await sleep(200 * attempt);
    }
  },
};

async function tryRead(host: Host, params: Params<'wal-index'>, call: Call): Promise<Result<'wal-index'> | undefined> {
  const { timeline, carry, from } = params;
  const source =
    from === 'live' ? await liveSource(host, timeline, call) : await barmanSource(host, timeline, from, call);
  const { segmentBytes } = source;
  const first = requestedNumber(params.first, segmentBytes);
  const last = requestedNumber(params.last, segmentBytes);
  if (last < first || last - first >= BigInt(indexBatchSegments)) {
    throw new ProblemError(
      'validation-failed',
      `${params.first} to ${params.last} is not 1 to ${indexBatchSegments} segments`,
    );
  }
  const begin = carry === null ? first : BigInt(Math.floor(lsnToNumber(carry.lsn) / segmentBytes));
  const { files, missing } = filesOnPath(source, begin, last);
  if (files.length === 0) return missing === null ? undefined : missingResult(missing);
  const answer = await askWalChild(
    source.user,
    { what: 'index', ...common(host, source, params), files, budgetMs },
    call,
  );
  if (answer.is !== 'index') return undefined;
  const { result } = answer;
  // Everything that is there was read, and it was not everything.
  return result.end === 'complete' && missing !== null ? { ...result, ...missingResult(missing, result) } : result;
}

function common(host: Host, source: WalSource, { timeline, first, carry, catalogues }: Params<'wal-index'>) {
  const { binDirectory } = host.server.postgres;
  return { binDirectory, timeline, segmentBytes: source.segmentBytes, first, carry, catalogues };
}

function missingResult(segment: string, read?: Result<'wal-index'>): Result<'wal-index'> {
  const detail = `${segment} is not there`;
  return {
    segments: read?.segments ?? [],
    carry: read?.carry ?? null,
    end: 'fault',
    fault: { segment, cause: 'missing', detail },
    openAt: null,
    systemIdentifier: read?.systemIdentifier ?? null,
  };
}
