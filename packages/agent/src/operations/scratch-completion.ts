import { z } from 'zod';
import { operations } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { capacitySchema, noCapacity } from '../postgres/capacity.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { processIdentity } from '../system/process-table.ts';
import type { ScratchPlace } from './scratch-place.ts';

const contract = operations['scratch-recover'];

const recoveredSchema = z.strictObject({
  params: contract.params,
  result: contract.result,
  begin: z.string(),
  gap: z.string().nullable(),
  /** What the staged WAL asks a copy for; copies that were made before this was read have none. */
  capacity: capacitySchema.default(noCapacity),
  request: z.strictObject({
    directories: z.strictObject({
      wals: z.string(),
      incoming: z.string(),
      streaming: z.string(),
      /** Copies that were made before WAL was kept name no such place. */
      kept: z.string().default(''),
    }),
    timeline: z.int(),
    begin: z.string(),
    required: z.string(),
    upTo: z.string(),
    segmentBytes: z.int(),
    user: z.string().nullable(),
  }),
});

const fileSchema = z.strictObject({ bootId: z.string(), recovered: recoveredSchema });

/** What a finished scratch-recover left for the steps after it. */
export type Recovered = z.infer<typeof recoveredSchema>;

/**
 * Undefined when the copy is not complete. A record from before the last boot does not count: the copied bytes were never
 * synced (that would make production wait), so a power cut may have lost them.
 */
export async function readRecovered(place: ScratchPlace): Promise<Recovered | undefined> {
  const text = await readIfExists(place.recoveredFile);
  if (text === undefined) return undefined;
  const { bootId, recovered } = fileSchema.parse(JSON.parse(text));
  return bootId === (await currentBootId()) ? recovered : undefined;
}

export async function requireRecovered(place: ScratchPlace): Promise<Recovered> {
  const recovered = await readRecovered(place);
  if (recovered) return recovered;
  throw new ProblemError('recovery-failed', `the copy of plan ${place.plan} is not complete`, {
    next: 'discard it and recover again',
  });
}

export async function writeRecovered(place: ScratchPlace, recovered: Recovered): Promise<void> {
  await writeAtomic(place.recoveredFile, JSON.stringify({ bootId: await currentBootId(), recovered }));
}

async function currentBootId(): Promise<string> {
  return (await processIdentity(process.pid))?.bootId ?? '';
}
