import path from 'node:path';
import { z } from 'zod';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { askIfAnswering } from './ask-live.ts';
import type { Call, Host } from './handler.ts';
import { scratchPlace } from './scratch-place.ts';
import { readSealing } from './sealed-record.ts';

const formerSchema = z.strictObject({ former: z.string().nullable() });

/** What the configuration files say, postgresql.auto.conf left out: it differs from one data directory to the next. */
const inFilesSql = `SELECT to_json(coalesce((SELECT setting FROM pg_file_settings WHERE name = 'synchronous_standby_names'
  AND sourcefile !~ '/postgresql\\.auto\\.conf$' ORDER BY seqno DESC LIMIT 1), ''));`;

/** Whether configuration files of live name synchronous standbys; yes when nobody can be asked. */
export async function namedInFiles(host: Host, call: Call): Promise<boolean> {
  return (await askIfAnswering(host, { sql: inFilesSql }, z.string(), call)) !== '';
}

/** What an emptied postgresql.auto.conf had said; null: nothing, and the configuration files count again. */
export async function formerNames(host: Host, plan: string): Promise<string | null> {
  const place = scratchPlace(host, plan);
  const text = await readIfExists(file(place.records));
  if (text !== undefined) return formerSchema.parse(JSON.parse(text)).former;
  return (await readSealing(place))?.contents?.synchronousNames ?? null;
}

/** Whether the plan has emptied those of a kept cluster. */
export async function hasFormerNames(host: Host, plan: string): Promise<boolean> {
  return (await readIfExists(file(scratchPlace(host, plan).records))) !== undefined;
}

export async function rememberNames(host: Host, plan: string, former: string | null): Promise<void> {
  await writeAtomic(file(scratchPlace(host, plan).records), JSON.stringify({ former }));
}

function file(records: string): string {
  return path.join(records, 'synchronous-names.json');
}
