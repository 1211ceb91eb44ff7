import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { expect, test } from 'vitest';
import type { Host } from './handler.ts';
import { writeProvision } from './provision-record.ts';
import { sweepScratches } from './sweep-scratches.ts';

const hour = 3_600_000_000;

test('the file of a plan of Terraform, which holds secrets, is swept a day after its run was forgotten, and not while it is under way', async () => {
  const stateDirectory = await mkdtemp(path.join(tmpdir(), 'barback-sweep-'));
  const host = { config: { stateDirectory, provisioners: { infra: {} } }, serverName: 'infra' } as unknown as Host;
  const plan = newId(1_795_000_000_000);
  const work = path.join(stateDirectory, 'work');
  try {
    await mkdir(work);
    await writeFile(path.join(work, 'plan'), 'secret');
    const record = { server: 'infra', createdAt: 0, work, planned: null, applying: true, applied: null };
    await writeProvision(host, plan, record);
    await sweepScratches(host, null, 23 * hour);
    await sweepScratches(host, plan, 25 * hour);
    expect(existsSync(work)).toBe(true);
    await sweepScratches(host, null, 25 * hour);
    expect(existsSync(work)).toBe(false);
  } finally {
    await rm(stateDirectory, { recursive: true });
  }
});
