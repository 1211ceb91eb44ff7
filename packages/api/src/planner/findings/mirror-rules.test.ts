import type { Result } from '@barback/shared/operations/index.ts';
import { expect, test } from 'vitest';
import { mirrorFindings, type MirrorRuleFacts } from './mirror-rules.ts';

const gigabyte = 1024 ** 3;

type Filesystem = Result<'host-facts'>['filesystems'][number];

function filesystem(role: string, device: string, freeBytes: number): Filesystem {
  return { role, device, freeBytes } as Filesystem;
}

interface Given {
  readonly rehearsal?: boolean;
  readonly databases?: readonly string[];
  readonly versionNum?: number;
  readonly filesystems?: readonly Filesystem[];
  readonly lastKnown?: string | null;
}

function facts(given: Given = {}): MirrorRuleFacts {
  const { rehearsal = false, databases = ['postgres'], versionNum = 150_018, lastKnown = null } = given;
  const filesystems = given.filesystems ?? [
    filesystem('scratch', 'vda', 100 * gigabyte),
    filesystem('barman', 'vda', 100 * gigabyte),
  ];
  return {
    request: { server: 'main', scenario: 'restore-from-mirror', options: { rehearsal } },
    host: {
      live: { versionNum, databases: databases.map((name) => ({ name })) },
      filesystems,
      freeBytesFloor: gigabyte,
    },
    catalogue: { mirroredAt: '2026-11-29T12:00:00.000000Z', bytes: 20 * gigabyte },
    chosen: { backup: { id: '20261101T000000', postgresVersionNum: 150_013, sizeBytes: 10 * gigabyte } },
    lastKnown,
  } as unknown as MirrorRuleFacts;
}

const codes = (given?: Given) => mirrorFindings(facts(given)).map(({ code }) => code);

test('a person says that the old host is gone, but for a rehearsal', () => {
  expect(codes()).toEqual(['old-host']);
  expect(codes({ rehearsal: true })).toEqual([]);
  const [known] = mirrorFindings(facts({ lastKnown: '2026-11-29T12:00:00.000000Z' }));
  expect(known?.detail).not.toContain('somebody still has the key');
  const [newer] = mirrorFindings(facts({ lastKnown: '2026-11-29T11:00:00.000000Z' }));
  expect(newer?.detail).toContain('somebody still has the key of the box');
});

test('a host that has databases may be the wrong one', () => {
  expect(codes({ databases: ['postgres', 'shop'] })).toEqual(['old-host', 'databases-here']);
});

test('another major version blocks, another minor one does not', () => {
  expect(codes({ versionNum: 170_002 })).toEqual(['old-host', 'postgres-major-differs']);
});

test('on one filesystem the copy, everything that is fetched and the new base backup need room; on two each its own', () => {
  const one = (free: number) => [filesystem('scratch', 'vda', free), filesystem('barman', 'vda', free)];
  expect(codes({ filesystems: one(41 * gigabyte) })).toEqual(['old-host']);
  expect(codes({ filesystems: one(41 * gigabyte - 1) })).toEqual(['old-host', 'space']);
  const two = (data: number, barman: number) => [
    filesystem('scratch', 'vda', data),
    filesystem('barman', 'vdb', barman),
  ];
  expect(codes({ filesystems: two(11 * gigabyte, 31 * gigabyte) })).toEqual(['old-host']);
  expect(codes({ filesystems: two(11 * gigabyte - 1, 31 * gigabyte - 1) })).toEqual(['old-host', 'space', 'space']);
});
