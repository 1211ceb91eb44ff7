import { expect, test } from 'vitest';
import { filesystem, mirrorCases, mirrorFacts } from '../testing/mirror.ts';
import { mirrorFindings } from './mirror-rules.ts';

const gigabyte = 1024 ** 3;

test.each(mirrorCases)('%s (%s) is told, and nothing else', (code, severity, given) => {
  const found = mirrorFindings(mirrorFacts(given));
  expect(found.map((one) => [one.code, one.severity])).toEqual([[code, severity]]);
});

test('a mirror that was written to since it was last known tells that somebody still has the key', () => {
  const [known] = mirrorFindings(mirrorFacts({ rehearsal: false, lastKnown: '2026-11-29T12:00:00.000000Z' }));
  const [newer] = mirrorFindings(mirrorFacts({ rehearsal: false, lastKnown: '2026-11-29T11:00:00.000000Z' }));
  expect(known?.detail).not.toContain('somebody still has the key');
  expect(newer?.detail).toContain('somebody still has the key of the box');
});

test('on one filesystem the copy, everything that is fetched and the new base backup need room; on two each its own', () => {
  const codes = (filesystems: ReturnType<typeof filesystem>[]) =>
    mirrorFindings(mirrorFacts({ filesystems })).map(({ code }) => code);
  const one = (free: number) => [filesystem('scratch', 'vda', free), filesystem('barman', 'vda', free)];
  expect(codes(one(41 * gigabyte))).toEqual([]);
  expect(codes(one(41 * gigabyte - 1))).toEqual(['space']);
  const two = (data: number, barman: number) => [
    filesystem('scratch', 'vda', data),
    filesystem('barman', 'vdb', barman),
  ];
  expect(codes(two(11 * gigabyte, 31 * gigabyte))).toEqual([]);
  expect(codes(two(11 * gigabyte - 1, 31 * gigabyte - 1))).toEqual(['space', 'space']);
});
