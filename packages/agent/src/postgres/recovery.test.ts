import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseRecoveryLine } from './recovery-log.ts';
import { advance, freshRecovery, judgeRecovery, type RecoveryState, type RecoveryVerdict } from './recovery-state.ts';

const segmentBytes = 16 * 1024 * 1024;
const fixture = (name: string, major = 15) =>
  readFileSync(new URL(`../../fixtures/postgresql-${major}/${name}`, import.meta.url), 'utf8');

function stateOf(log: string, until?: string): RecoveryState {
  let state = freshRecovery;
  for (const line of log.split('\n')) {
    const event = parseRecoveryLine(line);
    if (event) state = advance(state, event, segmentBytes);
    if (until !== undefined && line.includes(until)) break;
  }
  return state;
}

const reasonOf = (verdict: RecoveryVerdict) => (verdict.is === 'failed' ? verdict.reason : '');
const line = (severity: string, message: string) => `2026-11-23 09:11:01.274 UTC [9876] ${severity}:  ${message}`;
const begun = `${line('LOG', 'redo starts at 0/3000028')}\n`;

/** What the fixtures of each major version end with; their READMEs say how they were made. */
const captured = [
  {
    major: 15,
    redoDone: '0/A005D08',
    stops: {
      'recovery-time.log': 'recovery stopping before commit of transaction 756, time 2026-11-23 09:10:02.94366+00',
      'recovery-immediate.log': 'recovery stopping after reaching consistency',
      'recovery-lsn-exclusive.log': 'recovery stopping before WAL location (LSN) "0/9053938"',
      'recovery-name.log': 'recovery stopping at restore point "before_drop", time 2026-11-23 09:10:02.957109+00',
      'recovery-xid-exclusive.log':
        'recovery stopping before commit of transaction 757, time 2026-11-23 09:10:02.969012+00',
    },
  },
  {
    major: 17,
    redoDone: '0/7000168',
    stops: {
      'recovery-time.log': 'recovery stopping before commit of transaction 760, time 2026-11-24 16:17:26.932239+00',
      'recovery-immediate.log': 'recovery stopping after reaching consistency',
      'recovery-lsn-exclusive.log': 'recovery stopping before WAL location (LSN) "0/6010B08"',
      'recovery-lsn-inclusive.log': 'recovery stopping after WAL location (LSN) "0/6010B08"',
      'recovery-name.log': 'recovery stopping at restore point "before_drop", time 2026-11-24 16:17:27.011439+00',
      'recovery-xid-exclusive.log':
        'recovery stopping before commit of transaction 761, time 2026-11-24 16:17:27.186256+00',
      'recovery-xid-inclusive.log':
        'recovery stopping after commit of transaction 761, time 2026-11-24 16:17:27.186256+00',
    },
  },
] as const;

describe.each(captured)('a recovery of PostgreSQL $major, by its real log', ({ major, redoDone, stops }) => {
  const log = (name: string) => fixture(name, major);

  test.each(Object.entries(stops))('%s paused', (name, evidence) => {
    const state = stateOf(log(name), 'pausing at the end of recovery');
    const stopLsn = /"([0-9A-F]+\/[0-9A-F]+)"/.exec(evidence)?.[1] ?? null;
    expect(judgeRecovery(state, true, true)).toEqual({ is: 'paused', evidence, stopLsn });
  });

  test('goes on until the line that says it pauses, though the server already takes connections', () => {
    const state = stateOf(log('recovery-time.log'), 'ready to accept read-only connections');
    expect(state.readOnly).toBe(true);
    expect(judgeRecovery(state, true, true)).toEqual({ is: 'going' });
    expect(judgeRecovery(stateOf(log('recovery-time.log'), 'pausing'), true, true)).toMatchObject({ is: 'paused' });
  });

  test('without a target ended open on a new timeline', () => {
    const state = stateOf(log('recovery-latest.log'));
    expect(state).toMatchObject({ newTimeline: 2, redoDone, redoStart: '0/3000028' });
    expect(judgeRecovery(state, false, true)).toEqual({ is: 'promoted', evidence: 'archive recovery complete' });
  });

  test('that did not reach its target is never mistaken for started', () => {
    const state = stateOf(log('recovery-unreachable.log'));
    expect(judgeRecovery(state, true, false)).toEqual({ is: 'target-not-reached' });
  });

  test('that promoted where it should have paused is a failure', () => {
    const state = stateOf(log('recovery-latest.log'));
    expect(reasonOf(judgeRecovery(state, true, true))).toContain('promoted itself');
  });
});

describe('a recovery, by lines from the sources of PostgreSQL 15', () => {
  test('paused for parameters is not paused at the target', () => {
    const detail = 'max_connections = 50 is a lower setting than on the primary server, where its value was 90.';
    const state = stateOf(`${begun}${line('DETAIL', detail)}\n${line('LOG', 'recovery has paused')}`);
    expect(reasonOf(judgeRecovery(state, true, true))).toContain(detail);
  });

  test('that died says its last FATAL words', () => {
    const fatal = [line('FATAL', 'could not locate required checkpoint record'), line('PANIC', 'no room')].join('\n');
    expect(judgeRecovery(stateOf(begun + fatal), true, false)).toEqual({
      is: 'failed',
      reason: 'FATAL: could not locate required checkpoint record; PANIC: no room',
    });
  });

  test('that vanished without a word failed', () => {
    expect(judgeRecovery(stateOf(begun), true, false)).toMatchObject({ is: 'failed' });
    const paused = stateOf(fixture('recovery-time.log'), 'pausing at the end of recovery');
    expect(judgeRecovery(paused, true, false)).toMatchObject({ is: 'failed' });
  });

  test('tells how far it is by progress lines and by fetched segments, and never goes back', () => {
    const progress = line('LOG', 'redo in progress, elapsed time: 10.00 s, current LSN: 0/9000A0');
    expect(stateOf(begun + progress).replayed).toBe('0/3000028');
    const segment = line('LOG', 'restored log file "000000010000000000000009" from archive');
    expect(stateOf(`${begun}${segment}\n${progress}`).replayed).toBe('0/9000000');
  });

  test('a message of a client that looks like a log line counts for nothing', () => {
    expect(parseRecoveryLine('cp: pausing at the end of recovery')).toBeUndefined();
    expect(parseRecoveryLine(line('STATEMENT', 'pausing at the end of recovery'))).toBeUndefined();
    expect(parseRecoveryLine(line('LOG', 'duration: 1 ms  statement: pausing at the end of recovery'))).toBeUndefined();
  });
});
