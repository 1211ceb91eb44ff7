import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { progressSchema } from '@barback/shared/wire/job.ts';
import { expect, test } from 'vitest';
import { JobLog } from './job-log.ts';
import { ProgressFile } from './progress-file.ts';

test('the last progress is in the file, however fast it came', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'barback-progress-'));
  const file = path.join(directory, 'progress.json');
  const progress = new ProgressFile(file);
  for (let bytes = 0; bytes <= 5000; bytes += 1) progress.report('copy', bytes, 5000.4);
  await progress.close();
  expect(progressSchema.parse(JSON.parse(await readFile(file, 'utf8')))).toMatchObject({
    phase: 'copy',
    bytes: 5000,
    totalBytes: 5000,
  });
  await rm(directory, { recursive: true });
});

test('a log stays bounded and keeps its newest lines', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'barback-log-'));
  const file = path.join(directory, 'job.log');
  const log = new JobLog(file);
  for (let line = 0; line < 200; line += 1)
    log.add(`line ${line} ${'x'.repeat(100_000)}`, { long: 'y'.repeat(50_000) });
  log.add('the end', { exitCode: 0 });
  await log.close();
  const text = await readFile(file, 'utf8');
  expect(text.length).toBeLessThanOrEqual(512 * 1024);
  expect(JSON.parse(text.trim().split('\n').at(-1) ?? '')).toMatchObject({ line: 'the end', facts: { exitCode: 0 } });
  await rm(directory, { recursive: true });
});
