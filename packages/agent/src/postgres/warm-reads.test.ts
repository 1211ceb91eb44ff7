import { expect, test } from 'vitest';
import { parseLargeFiles, piecesToRead, readPieceArgv } from './warm-reads.ts';

const mebibyte = 1024 ** 2;

test('names with spaces and line feeds are read as they are', () => {
  expect(parseLargeFiles(['1048576 /a/b c', '2 /d\ne', ''].join('\0'))).toEqual([
    { path: '/a/b c', bytes: mebibyte },
    { path: '/d\ne', bytes: 2 },
  ]);
  expect(parseLargeFiles('')).toEqual([]);
});

test('files are read in pieces, in their order, and no further than the limit', () => {
  const files = [
    { path: '/a', bytes: 130 * mebibyte },
    { path: '/b', bytes: 10 * mebibyte },
    { path: '/c', bytes: 1 },
  ];
  expect([...piecesToRead(files, 135 * mebibyte)]).toEqual([
    { path: '/a', skipMebibytes: 0, bytes: 64 * mebibyte },
    { path: '/a', skipMebibytes: 64, bytes: 64 * mebibyte },
    { path: '/a', skipMebibytes: 128, bytes: 2 * mebibyte },
    { path: '/b', skipMebibytes: 0, bytes: 5 * mebibyte },
  ]);
  expect([...piecesToRead(files, 0)]).toEqual([]);
});

test('a piece is read as a program, never followed through a link', () => {
  expect(readPieceArgv({ path: '/a b', skipMebibytes: 64, bytes: 1 })).toEqual([
    '/usr/bin/dd',
    'if=/a b',
    'of=/dev/null',
    'bs=1M',
    'skip=64',
    'count=64',
    'iflag=nofollow,nonblock',
    'status=none',
  ]);
});
