import { expect, test } from 'vitest';
import { importCases, importFacts } from '../testing/import.ts';
import { filesystem } from '../testing/mirror.ts';
import { extensionsOf, importFindings } from './import-rules.ts';

const gigabyte = 1024 ** 3;

test.each(importCases)('%s (%s) is told, and nothing else but what every import loses', (code, severity, given) => {
  const found = importFindings(importFacts(given)).filter((one) => one.code !== 'import-loss');
  expect(found.map((one) => [one.code, one.severity])).toEqual([[code, severity]]);
});

test('every import says that what was written here is not in the source', () => {
  expect(importFindings(importFacts())).toMatchObject([{ code: 'import-loss', severity: 'warning' }]);
});

test('a source is valid to the end of its last day', () => {
  const codes = (validUntil: string) => importFindings(importFacts({ validUntil })).map(({ code }) => code);
  expect(codes('2026-11-29')).toEqual(['import-loss']);
  expect(codes('2026-11-28')).toContain('import-expired');
});

test('roles of the source are not missed where their privileges are dropped', () => {
  const given = { source: { grantees: ['analyst'] }, options: { privileges: 'drop' as const } };
  expect(importFindings(importFacts(given)).map(({ code }) => code)).toEqual(['import-loss']);
});

test('what only a superuser makes is made where somebody has made it before, and nowhere else', () => {
  expect(extensionsOf(importFacts().look)).toEqual({ missing: [], made: ['postgis'], refused: [] });
  const without = importFacts({ into: { extensions: ['plpgsql'] } }).look;
  expect(extensionsOf(without)).toEqual({ missing: [], made: [], refused: ['postgis'] });
});

test('on one filesystem the dump, the database, its WAL and a base backup need room; on several each its own', () => {
  const codes = (places: readonly (readonly [string, string, number])[]) =>
    importFindings(
      importFacts({ filesystems: places.map(([role, device, free]) => filesystem(role, device, free * gigabyte)) }),
    ).map(({ code }) => code);
  const apart = (data: number, scratch: number, barman: number) =>
    codes([
      ['data', 'vda', data],
      ['scratch', 'vdb', scratch],
      ['barman', 'vdc', barman],
    ]);
  expect(apart(13, 11, 33)).toEqual(['import-loss']);
  expect(apart(12.9, 11, 33)).toEqual(['import-loss', 'space']);
  expect(apart(13, 10.9, 33)).toEqual(['import-loss', 'space']);
  expect(apart(13, 11, 32.9)).toEqual(['import-loss', 'space-barman']);
  const together = (free: number) =>
    codes([
      ['data', 'vda', free],
      ['scratch', 'vda', free],
      ['barman', 'vda', free],
    ]);
  expect(together(55)).toEqual(['import-loss']);
  expect(together(54.9)).toEqual(['import-loss', 'space']);
});
