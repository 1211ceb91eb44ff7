import { randomInt } from 'node:crypto';
import path from 'node:path';
import type { Params, Result } from '@barback/shared/operations/index.ts';
import { boxArgv, boxText, type Box } from '../mirror/box.ts';
import { monotonicMs } from '../system/clock.ts';
import { execute } from './execute.ts';
import { damagedIn } from './fetched-files.ts';
import type { Call, Handler, Host } from './handler.ts';
import { parseHashes, readHashes, type Hashes } from './mirror-hashes.ts';
import { mirrorUser, requireBox } from './mirror-place.ts';
import { withMirrorDirectory, writeForMirror } from './mirror-workplace.ts';
import { reportConnection, runRsync } from './run-rsync.ts';
import { readVaultRecord } from './vault-record.ts';

type Damage = Result<'mirror-check'>['damaged'][number];
type Expected = readonly [name: string, hashed: Pick<Hashes[string], 'size' | 'sha256'>];

const filesAtOnce = 100;
const damagesToldMax = 1000;

export const mirrorCheck: Handler<'mirror-check'> = {
  async perform(host, params, call) {
    const startedAt = monotonicMs();
    const box = requireBox(host);
    const hashes = await readHashes(host);
    // Never mirrored: there is nothing to be damaged.
    if (hashes === undefined) return { how: 'box', files: 0, bytes: 0, damaged: [], damagedFiles: 0, seconds: 0 };
    const work = { host, box, call };
    const all: readonly Expected[] = [...Object.entries(hashes), ...(await vaultFiles(host, box))];
    const onBox = await checkOnBox(work, all);
    const found = onBox ?? (await checkSample(work, sampleOf(all, params.sampleMax)));
    const seconds = (monotonicMs() - startedAt) / 1000;
    const damaged = found.damaged.slice(0, damagesToldMax);
    return { ...found, damaged, damagedFiles: found.damaged.length, seconds };
  },

  async observe() {
    return { is: 'absent' };
  },
};

/** Of the newest version of the vault, if it went to this box. */
async function vaultFiles(host: Host, box: Box): Promise<readonly Expected[]> {
  const record = await readVaultRecord(host);
  return record?.destination === boxText(box) ? Object.entries(record.files) : [];
}

interface Work {
  readonly host: Host;
  readonly box: Box;
  readonly call: Call;
}

type Checked = Pick<Result<'mirror-check'>, 'how' | 'files' | 'bytes'> & { readonly damaged: readonly Damage[] };

/** The box reads its own disks and sends hashes alone; null when its shell has no sha256sum. */
async function checkOnBox({ host, box, call }: Work, all: readonly Expected[]): Promise<Checked | null> {
  const damaged: Damage[] = [];
  let bytes = 0;
  const total = all.reduce((sum, [, { size }]) => sum + size, 0);
  for (let start = 0; start < all.length; start += filesAtOnce) {
    const batch = all.slice(start, start + filesAtOnce);
    const names = batch.map(([name]) => `${box.directory}/${name}`);
    const program = { argv: boxArgv(box, ['sha256sum', ...names]), user: mirrorUser(host), timeoutMs: 6 * 3_600_000 };
    const outcome = await execute(program, call.signal);
    const found = parseHashes(outcome.stdout);
    const isRefused = found.size === 0 && !/No such file/i.test(outcome.stderr);
    if (isRefused && (outcome.exitCode === 255 || start > 0)) throw reportConnection(box, outcome);
    if (isRefused) return null;
    for (const [name, { size, sha256 }] of batch) {
      const there = found.get(`${box.directory}/${name}`);
      if (there === undefined) damaged.push({ path: name, is: 'missing' });
      else if (there !== sha256) damaged.push({ path: name, is: 'content' });
      bytes += size;
    }
    call.progress('hashes on the box', bytes, total);
  }
  return { how: 'box', files: all.length, bytes, damaged };
}

/** Fetched into a directory of their own and hashed here. */
async function checkSample({ host, box, call }: Work, sample: readonly Expected[]): Promise<Checked> {
  const work = { box, user: mirrorUser(host), call };
  return withMirrorDirectory(work, async (directory) => {
    const list = path.join(directory, 'list');
    const local = `${directory}/fetched/`;
    await writeForMirror(work, list, sample.map(([name]) => `${name}\n`).join(''));
    const filters = [`--files-from=${list}`, '--ignore-missing-args'];
    const plain = { deletes: false, compareContents: false } as const;
    await runRsync(work, { direction: 'fetch', local, remote: '', filters, ...plain }, 'fetch');
    const expected = sample.map(([name, { size, sha256 }]): [string, number, string] => [name, size, sha256]);
    const damaged = await damagedIn(work, local, expected);
    const bytes = sample.reduce((sum, [, { size }]) => sum + size, 0);
    return { how: 'fetched', files: sample.length, bytes, damaged };
  });
}

function sampleOf(all: readonly Expected[], max: Params<'mirror-check'>['sampleMax']): readonly Expected[] {
  const left = [...all];
  while (left.length > max) left.splice(randomInt(left.length), 1);
  return left;
}
