import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { killProgram, startProgram, type ProgramName } from '../lab/programs.ts';
import { planDrill, request, startRun, stepOf, waitForRun, type RunBody } from './barback-client.ts';
import { recoverProcesses, signalRecover } from './barman-process.ts';
import { settledLab } from './settled-lab.ts';
import { verifyExport } from './verify-export.ts';
import { worldOf } from './world.ts';

let lab: Lab;
let stop: () => Promise<void> = async () => {};

let temporariesBefore: readonly string[] = [];

/** What a killed Barman leaves in the system's directories for temporary files. */
async function barmanTemporaries(): Promise<readonly string[]> {
  const names = await Promise.all(['/tmp', '/var/tmp'].map((directory) => readdir(directory)));
  return names.flat().filter((name) => name.startsWith('barman_recovery'));
}

// Slow enough that the copy can be caught in the middle, fast enough that the test is not.
const slowly = { bandwidthKBps: 20_000 };

/** A drill for each set of programs that is killed and started again meanwhile, and those that end otherwise. */
export function interruptedDrillTests(sets: readonly (readonly ProgramName[])[]): void {
  beforeAll(async () => {
    ({ lab, stop } = await settledLab({ sizeMb: 64 }));
    temporariesBefore = await barmanTemporaries();
  });

  afterAll(() => stop());

  describe('a drill that is interrupted while Barman copies', () => {
    test.each(sets.map((names) => ({ names, title: names.join(', ') })))(
      'by SIGKILL of $title goes on after their restart: one job, one recover, a valid audit chain',
      async ({ names }) => {
        const run = await runUntilCopying();
        await signalRecover(lab, 'SIGSTOP');
        for (const name of names) await killProgram(lab, name);
        for (const name of names) await startProgram(lab, name);
        await signalRecover(lab, 'SIGCONT');
        const done = await waitForRun(lab, run.id, (one) => one.state === 'succeeded');
        expect(stepOf(done, 'recover').attempts).toBe(1);
        const events = await eventsOf(run.id);
        const intended = events.filter((event) => event.type === 'step.intended' && event.step === 'recover');
        expect(intended).toHaveLength(1);
        expect(
          (await request(lab, 'GET', '/v1/audit/export', { role: 'admin' }).then((one) => verifyExport(one.text))).ok,
        ).toBe(true);
        await expectNothingLeft();
      },
    );

    test('by SIGKILL of Barman ends as failed with everything cleaned', async () => {
      const before = await worldOf(lab);
      const run = await runUntilCopying();
      await signalRecover(lab, 'SIGKILL');
      const done = await waitForRun(lab, run.id, (one) => one.state === 'failed');
      expect(done.problem?.type).toBe('urn:barback:problem:barman-failed');
      await expectNothingLeft();
      expect(await worldOf(lab)).toEqual(before);
    });

    test('by SIGKILL of the runner ends as failed with everything cleaned, Barman included', async () => {
      const run = await runUntilCopying();
      await killProgram(lab, 'runner');
      const done = await waitForRun(lab, run.id, (one) => one.state === 'failed');
      expect(done.problem).not.toBeNull();
      await expectNothingLeft();
    });

    test('by a cancel leaves nothing behind but the record', async () => {
      const before = await worldOf(lab);
      const run = await runUntilCopying();
      expect((await request(lab, 'POST', `/v1/runs/${run.id}/cancel`)).status).toBe(202);
      const done = await waitForRun(lab, run.id, (one) => one.state === 'cancelled');
      expect(stepOf(done, 'recover').state).toBe('cancelled');
      await expectNothingLeft();
      expect(await worldOf(lab)).toEqual(before);
      expect((await eventsOf(run.id)).map((event) => event.type)).toContain('run.cancel-requested');
      expect((await request(lab, 'POST', `/v1/runs/${run.id}/cancel`)).status).toBe(409);
    });
  });
}

async function runUntilCopying(): Promise<RunBody> {
  const run = await startRun(lab, await planDrill(lab, { type: 'latest' }, slowly));
  return waitForRun(lab, run.id, (one) => {
    const progress = stepOf(one, 'recover').progress;
    return progress?.totalBytes != null && progress.bytes > 0 && progress.bytes < progress.totalBytes;
  });
}

async function eventsOf(run: string): Promise<readonly { type: string; step: string | null }[]> {
  const text = (await request(lab, 'GET', '/v1/audit/export', { role: 'admin' })).text;
  const events = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { type: string; step: string | null; run: string | null });
  return events.filter((event) => event.run === run);
}

async function expectNothingLeft(): Promise<void> {
  await poll('no barman recover', 15_000, async () => ((await recoverProcesses(lab)).length === 0 ? true : undefined));
  const beside = await readdir(path.dirname(lab.postgres.dataDir));
  expect(beside.filter((name) => name.includes('.restore-'))).toEqual([]);
  expect(await barmanTemporaries()).toEqual(temporariesBefore);
}
