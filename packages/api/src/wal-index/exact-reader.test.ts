import type { Params, Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { describe, expect, test } from 'vitest';
import type { AgentClient } from '../agents/agent-client.ts';
import { EndsCache, exactReader } from './exact-reader.ts';
import { nothingKnown, type WalState } from './wal-state.ts';

const segmentBytes = 16 * 1024 * 1024;
const ends = { xids: [700, 701], offsets: [0x100, 0x200], times: [5, 6], aborts: [1], cut: false, recordAt: null };

function rig(answer: Partial<Result<'wal-ends'>> = {}) {
  const asked: Params<'wal-ends'>[] = [];
  const refuse = (): never => {
    throw new Error('a reader only reads');
  };
  const agent: AgentClient = {
    server: 'main',
    call: (op, params) => {
      if (op !== 'wal-ends') return refuse();
      asked.push(params as Params<'wal-ends'>);
      return Promise.resolve({ result: { ...ends, ...answer } as never, evidence: { request: '', receipt: '' } });
    },
    submit: refuse,
    jobStatus: refuse,
    jobCancel: refuse,
    jobObserve: refuse,
    claim: refuse,
    close: () => Promise.resolve(),
  };
  const cache = new EndsCache();
  const reader = (more: Partial<WalState> = {}, server = 'main') =>
    exactReader({ agent, server, state: { ...nothingKnown, segmentBytes, ...more }, context: { sub: 'k' }, cache });
  return { asked, reader };
}

describe('the ends of transactions in a segment', () => {
  test('are read through the agent, by the name of the segment, with their positions', async () => {
    const { asked, reader } = rig();
    expect(await reader().ends(1, 5)).toEqual([
      { kind: 'commit', xid: 700, position: 5 * segmentBytes + 0x100, time: 5 },
      { kind: 'abort', xid: 701, position: 5 * segmentBytes + 0x200, time: 6 },
    ]);
    expect(asked).toEqual([{ server: 'main', timeline: 1, segment: '000000010000000000000005', at: null }]);
  });

  test('are read once, of each server, cluster, timeline and segment', async () => {
    const { asked, reader } = rig();
    await reader().ends(1, 5);
    await reader().ends(1, 5);
    expect(asked).toHaveLength(1);
    await reader().ends(2, 5);
    await reader().ends(1, 6);
    await reader({}, 'other').ends(1, 5);
    await reader({ systemIdentifier: '8' }).ends(1, 5);
    expect(asked).toHaveLength(5);
  });

  test('are read again where WAL has grown since', async () => {
    const { asked, reader } = rig();
    const grown = (position: number) => ({ ends: [{ timeline: 1, number: 5, position, next: null }] });
    await reader(grown(5 * segmentBytes + 0x200)).ends(1, 5);
    await reader(grown(5 * segmentBytes + 0x200)).ends(1, 5);
    await reader(grown(5 * segmentBytes + 0x300)).ends(1, 5);
    expect(asked).toHaveLength(2);
  });

  test('are forgotten of the segment that was longest not asked for', async () => {
    const { asked, reader } = rig();
    for (let number = 1; number <= 64; number += 1) await reader().ends(1, number);
    await reader().ends(1, 1);
    await reader().ends(1, 65);
    expect(asked).toHaveLength(65);
    await reader().ends(1, 1);
    expect(asked).toHaveLength(65);
    await reader().ends(1, 2);
    expect(asked).toHaveLength(66);
  });

  test('that were cut are no answer', async () => {
    await expect(rig({ cut: true }).reader().ends(1, 5)).rejects.toThrow(ProblemError);
  });
});

test('the record at a position is asked for in its segment, and may be none', async () => {
  const { asked, reader } = rig({ recordAt: '0/5000200' });
  expect(await reader().recordAt(1, 5 * segmentBytes + 0x150)).toBe(5 * segmentBytes + 0x200);
  expect(asked).toMatchObject([{ segment: '000000010000000000000005', at: '0/5000150' }]);
  expect(await rig().reader().recordAt(1, 0x150)).toBeNull();
});
