import path from 'node:path';
import type { Params, Result } from '@barback/shared/operations/index.ts';
import type { Backup } from '@barback/shared/operations/backup.ts';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { ProblemError, problemTypeOf } from '@barback/shared/wire/problem.ts';
import type { Diagnosis } from '../barman/diagnose.ts';
import { boxArgv, boxText } from '../mirror/box.ts';
import { isOfAnother, manifestName, type MirrorManifest } from '../mirror/manifest.ts';
import { passes } from '../mirror/passes.ts';
import { monotonicMs, nowMicros } from '../system/clock.ts';
import { kindOf, listDirectory } from '../system/directory-tree.ts';
import { requireFilled } from './backfill-record.ts';
import { readCatalogue } from './backup-list.ts';
import { execute } from './execute.ts';
import type { Handler, Host } from './handler.ts';
import { hashFinalFiles, readHashes, writeHashes, type Hashes } from './mirror-hashes.ts';
import { fetchManifest } from './mirror-manifest.ts';
import { mirroredPlaces, mirrorUser, requireBox } from './mirror-place.ts';
import { withMirrorDirectory, writeForMirror } from './mirror-workplace.ts';
import { reportConnection, runRsync, type RsyncWork } from './run-rsync.ts';

export const mirrorPush: Handler<'mirror-push'> = {
  async perform(host, params, call) {
    const startedAt = monotonicMs();
    const box = requireBox(host);
    await requireFilled(host);
    const work = { box, user: mirrorUser(host), call };
    const { backups, diagnosis } = await readCatalogue(host.server, call.signal);
    const places = mirroredPlaces(diagnosis);
    const done = backups.filter(({ status }) => status === 'DONE').map(({ id }) => id);
    const unfinished = (await listDirectory(places.base)).filter((name) => !done.includes(name));
    // Before anything is sent: what is known now is there afterwards.
    const { hashes, bytesHashed } = await hashFinalFiles(host, { places, done }, call);
    await makeDirectory(work);
    if ((await readHashes(host)) === undefined) await requireOurs(work, backups);
    const sent = await sendAll(work, { places, done, unfinished, compareContents: params.compareContents });
    await sendManifest(work, manifestOf(host, { params, hashes, diagnosis, done }));
    await writeHashes(host, hashes);
    return {
      destination: boxText(box),
      ...sent,
      bytesHashed,
      backups: done,
      seconds: (monotonicMs() - startedAt) / 1000,
    };
  },

  /** Performing again sends what is not there yet. */
  async observe() {
    return { is: 'absent' };
  },
};

/** rsync makes only the last directory of a path. */
async function makeDirectory(work: RsyncWork): Promise<void> {
  const { box, user, call } = work;
  const argv = boxArgv(box, ['mkdir', '-p', box.directory]);
  const outcome = await execute({ argv, user, timeoutMs: 120_000 }, call.signal);
  if (outcome.exitCode !== 0) throw reportConnection(box, outcome);
}

/** A host that has never sent anything may be a new one, whose empty files would take the place of all that is left of the old one. */
async function requireOurs(work: RsyncWork, backups: readonly Backup[]): Promise<void> {
  const there = await withMirrorDirectory(work, (directory) => fetchManifest(work, directory)).catch(
    (error: unknown) => {
      if (error instanceof ProblemError && problemTypeOf(error.problem) === 'no-mirror') return null;
      throw error;
    },
  );
  if (there === null || !isOfAnother(there, backups)) return;
  throw new ProblemError(
    'mirror-refused',
    `${boxText(work.box)} holds the mirror of another cluster, of ${there.at}; nothing was sent`,
    {
      next: "If this host takes the place of a lost one, restore it first: POST /v1/plans with scenario restore-from-mirror. Otherwise name another directory under mirror in the agent's configuration.",
    },
  );
}

type Sent = Pick<Result<'mirror-push'>, 'files' | 'bytes' | 'filesSent' | 'bytesSent'>;

async function sendAll(work: RsyncWork, input: Parameters<typeof passes>[0]): Promise<Sent> {
  let sent: Sent = { files: 0, bytes: 0, filesSent: 0, bytesSent: 0 };
  for (const { phase, place, transfer } of passes(input)) {
    if ((await kindOf(place)) !== 'directory') continue;
    const one = await runRsync(work, transfer, phase);
    // The last transfers are of everything that is there.
    const whole = phase === 'deletions' ? one : { files: 0, bytes: 0 };
    sent = {
      files: sent.files + whole.files,
      bytes: sent.bytes + whole.bytes,
      filesSent: sent.filesSent + one.filesSent,
      bytesSent: sent.bytesSent + one.bytesSent,
    };
  }
  return sent;
}

interface ManifestParts {
  readonly params: Params<'mirror-push'>;
  readonly hashes: Hashes;
  readonly diagnosis: Diagnosis;
  readonly done: readonly string[];
}

function manifestOf(host: Host, { params, hashes, diagnosis, done }: ManifestParts): string {
  const manifest: MirrorManifest = {
    format: 1,
    server: host.serverName,
    barmanServer: host.server.barman.server,
    at: formatInstant(nowMicros()),
    liveTimeline: params.liveTimeline,
    newestCommit: params.newestCommit,
    backups: done.map((id) => {
      const known = diagnosis.backups[id];
      return {
        id,
        timeline: known?.timeline ?? null,
        beginWal: known?.begin_wal ?? null,
        endWal: known?.end_wal ?? null,
        endLsn: known?.end_xlog ?? null,
        systemIdentifier: known?.systemid ?? null,
      };
    }),
    files: Object.entries(hashes).map(([name, { size, sha256 }]) => [name, size, sha256]),
  };
  return JSON.stringify(manifest);
}

/** Last: it never names what is not there. */
async function sendManifest(work: RsyncWork, manifest: string): Promise<void> {
  await withMirrorDirectory(work, async (directory) => {
    await writeForMirror(work, path.join(directory, manifestName), manifest);
    const filters = [`--include=/${manifestName}`, '--exclude=*'];
    const plain = { deletes: false, compareContents: false } as const;
    await runRsync(work, { direction: 'push', local: `${directory}/`, remote: '', filters, ...plain }, 'manifest');
  });
}
