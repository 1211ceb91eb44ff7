import { describe, expect, test } from 'vitest';
import { serverSettingsSchema } from '../planner/plan-document.ts';
import { judgeServer, type ServerFacts } from './judge-server.ts';
import { serverFindingCodes } from './server-finding.ts';

const minute = 60_000_000;
const day = 24 * 60 * minute;
const now = 1_795_348_800_000_000;
const mebibyte = 1024 ** 2;

const settings = serverSettingsSchema.parse({ rtoSeconds: 600, rpoSeconds: 60, mirrorHours: 2 });
const seconds = (median: number) => ({ median, min: median * 0.8, max: median * 1.25 });
const restore: NonNullable<ServerFacts['restore']> = {
  backup: 'b',
  copyBytes: 1000,
  replayBytes: 1000,
  seconds: seconds(100),
  copySeconds: seconds(60),
  replaySeconds: seconds(40),
};
const rpo = (more: object): ServerFacts['rpo'] => ({
  newestCommit: null,
  ageSeconds: 10,
  notHeldBytes: 0,
  notHeldCommits: 0,
  slots: [],
  ...more,
});

/** A server about which there is nothing to say. */
const well: ServerFacts = {
  server: 'main',
  now,
  settings,
  rpo: rpo({}),
  liveAnswers: true,
  observedAt: now - minute,
  lookProblem: null,
  newestBackupAt: now - day,
  createdAt: now - 100 * day,
  lastDrill: { run: 'r', state: 'succeeded', problem: null },
  lastGoodDrill: { at: now - day, rtoSeconds: 90 },
  restore,
  mirror: { at: now - 60 * minute, problem: null },
};
const judged = (more: Partial<ServerFacts>): string[] =>
  judgeServer({ ...well, ...more }).map(({ code, severity }) => `${severity} ${code}`);

/** What is found, and the nearest that is not. */
const cases: readonly (readonly [string, Partial<ServerFacts>, Partial<ServerFacts>])[] = [
  [
    'critical agent-lost',
    { lookProblem: 'refused', observedAt: now - 6 * minute },
    { lookProblem: 'refused', observedAt: now - 4 * minute },
  ],
  ['critical live-down', { liveAnswers: false }, {}],
  ['critical backup-none', { newestBackupAt: null }, {}],
  ['warning backup-old', { newestBackupAt: now - 9 * day }, { newestBackupAt: now - 8 * day }],
  [
    'warning drill-never',
    { lastDrill: null, lastGoodDrill: null },
    { lastDrill: null, lastGoodDrill: null, createdAt: now - day },
  ],
  [
    'warning drill-overdue',
    { lastGoodDrill: { at: now - 36 * day, rtoSeconds: 90 } },
    { lastGoodDrill: { at: now - 35 * day, rtoSeconds: 90 } },
  ],
  ['critical drill-failed', { lastDrill: { run: 'r', state: 'failed', problem: 'no' } }, {}],
  [
    'warning restore-too-slow',
    { restore: { ...restore, seconds: seconds(601) }, lastGoodDrill: { at: now, rtoSeconds: 590 } },
    { restore: { ...restore, seconds: seconds(599) }, lastGoodDrill: { at: now, rtoSeconds: 590 } },
  ],
  [
    'critical restore-too-slow',
    { restore: { ...restore, seconds: seconds(800) }, lastGoodDrill: { at: now, rtoSeconds: 790 } },
    { restore: null },
  ],
  [
    'warning restore-slower',
    { restore: { ...restore, seconds: seconds(150) } },
    { restore: { ...restore, seconds: seconds(119) } },
  ],
  [
    'critical rpo-exceeded',
    { rpo: rpo({ ageSeconds: 61, notHeldCommits: 1 }) },
    { rpo: rpo({ ageSeconds: 9999, notHeldCommits: 0 }) },
  ],
  [
    'critical slot-retains',
    { rpo: rpo({ slots: [{ name: 's', active: false, retainedBytes: 10_241 * mebibyte }] }) },
    { rpo: rpo({ slots: [{ name: 's', active: false, retainedBytes: 10_240 * mebibyte }] }) },
  ],
  [
    'critical mirror-old',
    { mirror: { at: now - 121 * minute, problem: null } },
    { mirror: { at: now - 120 * minute, problem: null } },
  ],
  ['warning mirror-failed', { mirror: { at: now, problem: 'the box is full' } }, {}],
  [
    'warning slot-retains',
    { rpo: rpo({ slots: [{ name: 's', active: true, retainedBytes: 10_241 * mebibyte }] }) },
    { rpo: rpo({ slots: null }) },
  ],
];

describe('a server', () => {
  test('that is well has no finding', () => {
    expect(judged({})).toEqual([]);
  });

  test.each(cases)('is told as %s, and as nothing just before it', (finding, is, isNot) => {
    expect([judged(is), judged(isNot)]).toEqual([[finding], []]);
  });

  test('has a case here for every code', () => {
    expect(new Set(cases.map(([finding]) => finding.split(' ')[1]))).toEqual(new Set(serverFindingCodes));
  });

  test('whose agent is lost is not accused of what was not observed', () => {
    const lost = { lookProblem: 'refused', observedAt: now - day, liveAnswers: false, newestBackupAt: null };
    expect(judged(lost)).toEqual(['critical agent-lost']);
  });

  test('is not watched for what its settings leave out', () => {
    const none = {
      rtoSeconds: null,
      rpoSeconds: null,
      drillDays: null,
      backupDays: null,
      mirrorHours: null,
      slotRetainedMbMax: null,
    };
    const quiet = { ...settings, ...none };
    for (const [finding, is] of cases.filter(([one]) => /-old|overdue|never|too-slow|rpo|slot/.test(one))) {
      const found = judgeServer({ ...well, ...is, settings: quiet }).map(({ code }) => code);
      expect(found, finding).not.toContain(finding.split(' ')[1]);
    }
  });

  test('that would take too long is told which lever helps', () => {
    const slow = { ...restore, seconds: seconds(800) };
    const remedy = (more: Partial<typeof restore>): string =>
      judgeServer({ ...well, restore: { ...slow, ...more } }).find(({ code }) => code === 'restore-too-slow')?.remedy ??
      '';
    expect(remedy({ replaySeconds: seconds(700) })).toContain('"scenario":"backup"');
    expect(remedy({ copySeconds: seconds(700) })).toContain('jobs');
  });
});
