import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { boxArgv, sshArguments, type Box } from './box.ts';
import { judgeRsync } from './judge-rsync.ts';
import { isOfAnother } from './manifest.ts';
import { passes, remoteName, type MirroredPlaces } from './passes.ts';
import { rsyncArgv } from './rsync-argv.ts';
import { parseProgress, parseStatistics } from './rsync-output.ts';

const box: Box = {
  host: 'box.example.org',
  port: 23,
  user: 'u1',
  directory: 'mirror/main',
  identityFile: '/k',
  knownHostsFile: '/h',
  bandwidthKBps: null,
};
const places: MirroredPlaces = {
  base: '/b/main/base',
  wals: '/b/main/wals',
  incoming: '/b/main/incoming',
  streaming: '/b/main/streaming',
  kept: '/b/main/kept-wal',
  meta: '/b/main/meta',
  whole: '/b/main',
};

describe('a command to the box', () => {
  test('trusts the given host keys alone, asks nothing, and reads no file of the user', () => {
    const argv = sshArguments(box);
    expect(argv).toEqual(expect.arrayContaining(['-F', 'none', 'StrictHostKeyChecking=yes', 'BatchMode=yes']));
    expect(argv).toContain('UserKnownHostsFile=/h');
    expect(argv).toContain('GlobalKnownHostsFile=/dev/null');
  });

  test('has no word that a shell would read otherwise', () => {
    expect(boxArgv(box, ['mkdir', '-p', 'mirror/main']).slice(-4)).toEqual([
      'u1@box.example.org',
      'mkdir',
      '-p',
      'mirror/main',
    ]);
    for (const word of ['a b', '$HOME', 'a;b', '`x`', "it's", '*', 'a|b', '']) {
      expect(() => boxArgv(box, ['ls', word])).toThrow('cannot send the word');
    }
  });

  test('of rsync asks for no owner, writes through no hard link, and limits what it is told to', () => {
    const transfer = {
      direction: 'push',
      local: '/b/',
      remote: 'wals',
      filters: [],
      deletes: false,
      compareContents: false,
    } as const;
    const argv = rsyncArgv({ ...box, bandwidthKBps: 100 }, transfer);
    expect(argv.slice(-3)).toEqual(['--', '/b/', 'u1@box.example.org:mirror/main/wals']);
    expect(argv).toContain('--bwlimit=100');
    for (const never of [
      '--owner',
      '--group',
      '--archive',
      '--inplace',
      '--compress',
      '--delete-after',
      '--checksum',
    ]) {
      expect(argv).not.toContain(never);
    }
    expect(rsyncArgv(box, { ...transfer, deletes: true, compareContents: true })).toEqual(
      expect.arrayContaining(['--delete-after', '--checksum']),
    );
  });
});

describe('the transfers of a mirror', () => {
  const all = passes({ places, done: ['20261101T000000'], unfinished: ['20261102T000000'], compareContents: false });
  const at = (place: string, deletes = false): number =>
    all.findIndex((one) => one.place === place && one.transfer.deletes === deletes);

  test('send what Barman moves before where it moves it to, histories before WAL, data before the catalogue', () => {
    expect(at(places.streaming)).toBeLessThan(at(places.wals));
    expect(at(places.incoming)).toBeLessThan(at(places.wals));
    const phases = all.map(({ phase }) => phase);
    const order = ['streaming', 'incoming', 'kept WAL', 'histories', 'WAL', 'backups', 'catalogue', 'deletions'];
    expect([...new Set(phases)]).toEqual(order);
  });

  test('delete nothing before everything was sent, and entries of the catalogue before what they name', () => {
    const first = all.findIndex(({ transfer }) => transfer.deletes);
    expect(all.slice(first).every(({ transfer }) => transfer.deletes)).toBe(true);
    const deletions = all.slice(first).map(({ place, transfer }) => `${place} ${transfer.filters.at(-1) ?? ''}`);
    expect(deletions.indexOf(`${places.base} --exclude=*`)).toBeLessThan(
      deletions.indexOf(`${places.base} --exclude=/20261102T000000`),
    );
    expect(deletions.indexOf(`${places.base} --exclude=/20261102T000000`)).toBeLessThan(
      deletions.indexOf(`${places.wals} `),
    );
  });

  test('send a backup that is not DONE never, and the entry of one that is at last', () => {
    const backups = all.find(({ phase }) => phase === 'backups')?.transfer.filters;
    expect(backups).toEqual([
      '--exclude=/20261101T000000/backup.info',
      '--include=/20261101T000000/***',
      '--exclude=*',
    ]);
    for (const { place, transfer } of all.filter((one) => one.transfer.deletes && one.place === places.base)) {
      expect(transfer.filters, place).toContain('--exclude=/20261102T000000');
    }
  });

  test('know where a file lies there', () => {
    expect(remoteName(places, '/b/main/base/1/data/PG_VERSION')).toBe('base/1/data/PG_VERSION');
    expect(remoteName(places, '/b/main/streaming/x')).toBeUndefined();
  });
});

describe('the words of rsync', () => {
  const pushed = readFileSync(path.join(import.meta.dirname, '../../fixtures/rsync-3.2.7/pushed.txt'), 'utf8');

  test('tell how far it is, by the newest line that is whole', () => {
    expect(parseProgress(pushed)).toEqual({ bytes: 30_050_000, done: 1 });
    const half = pushed.slice(0, pushed.indexOf('21349200') + 60);
    expect(parseProgress(half)).toEqual({ bytes: 21_349_200, done: null });
    expect(parseProgress('sending list')).toBeNull();
  });

  test('tell at the end what was sent, and nothing is taken for a number that is none', () => {
    expect(parseStatistics(pushed)).toEqual({ files: 7, bytes: 60_050_000, filesSent: 6, bytesSent: 30_050_000 });
    expect(parseStatistics(pushed.replace('Literal data', 'Other data'))).toBeUndefined();
  });

  test.each([
    [0, '', 'done'],
    [24, 'rsync warning: some files vanished before they could be transferred (code 24)', 'vanished'],
    [12, 'rsync: connection unexpectedly closed (5 bytes received so far) [sender]', 'connection'],
    [30, 'rsync error: timeout in data send/receive (code 30)', 'connection'],
    [255, 'ssh: connect to host box port 23: Connection refused', 'connection'],
    [255, 'Host key verification failed.', 'refused'],
    [255, '@@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@@', 'refused'],
    [255, 'u1@box: Permission denied (publickey,password).', 'refused'],
    [11, 'rsync: [receiver] write failed on "x": No space left on device (28)', 'full'],
    [12, 'rsync: [receiver] write failed on "x": Disk quota exceeded (122)', 'full'],
    [23, 'rsync: [sender] send_files failed to open "x": Permission denied (13)', 'failed'],
    [null, '', 'failed'],
  ] as const)('with exit code %s and "%s" mean %s', (exitCode, stderr, is) => {
    expect(judgeRsync(exitCode, stderr).is).toBe(is);
  });
});

test('a box that holds another cluster is told by its backups; where nobody says whose they are there is no proof', () => {
  const of = (...ids: (string | null)[]) => ids.map((systemIdentifier) => ({ systemIdentifier }));
  const there = (...ids: (string | null)[]) => ({
    backups: ids.map((systemIdentifier) => ({
      id: 'x',
      timeline: 1,
      beginWal: null,
      endWal: null,
      endLsn: null,
      systemIdentifier,
    })),
  });
  expect(isOfAnother(there('7'), of('8'))).toBe(true);
  // A new host without a backup, beside a box that has some.
  expect(isOfAnother(there('7'), [])).toBe(true);
  expect(isOfAnother(there(null), [])).toBe(true);
  expect(isOfAnother(there('7', '6'), of('6'))).toBe(false);
  expect(isOfAnother(there(), of('8'))).toBe(false);
  expect(isOfAnother(there(null), of('8'))).toBe(false);
});
