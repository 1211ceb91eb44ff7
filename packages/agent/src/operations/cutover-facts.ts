import path from 'node:path';
import type { Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { sessionCountsSql } from '../postgres/fence-sql.ts';
import { fencedText, fenceOf, isTorn, type Exempt } from '../postgres/hba-fence.ts';
import { identityOf } from '../system/directory-tree.ts';
import { isSameFile } from '../system/look-at-file.ts';
import { askIfAnswering } from './ask-live.ts';
import { exemptOf, hbaFileOf, letInOf, roleNames } from './fence-place.ts';
import type { Handler, Host } from './handler.ts';
import { heldBy } from './hold.ts';
import { scratchPlace } from './scratch-place.ts';
import { withServerFile } from './server-file.ts';

type Facts = Result<'cutover-facts'>;

const settingsSchema = z.strictObject({
  hbaFile: z.string(),
  walLevel: z.enum(['replica', 'logical', 'minimal']),
  trackCommitTimestamp: z.boolean(),
  walLogHints: z.boolean(),
  archiveMode: z.enum(['off', 'on', 'always']),
  maxReplicationSlots: z.int(),
});

const settingsSql = `SELECT json_build_object('hbaFile', current_setting('hba_file'), 'walLevel', current_setting('wal_level'),
  'trackCommitTimestamp', current_setting('track_commit_timestamp')::bool, 'walLogHints', current_setting('wal_log_hints')::bool,
  'archiveMode', current_setting('archive_mode'), 'maxReplicationSlots', current_setting('max_replication_slots')::int);`;

const countsSchema = z.array(z.strictObject({ role: z.string(), application: z.string(), count: z.int() }));

export const cutoverFacts: Handler<'cutover-facts'> = {
  async perform(host, _params, call) {
    const exempt = await exemptOf(host, call);
    const [live, sessions, held] = await Promise.all([
      askIfAnswering(host, { sql: settingsSql }, settingsSchema, call),
      askIfAnswering(host, { sql: sessionCountsSql(letInOf(exempt)) }, countsSchema, call),
      heldBy(host),
    ]);
    const { fencedBy, facts: hba } = await hbaFacts(host, exempt, live?.hbaFile ?? null);
    return {
      service: host.server.postgres.service?.kind ?? null,
      hba,
      sessions: sessions ?? [],
      settings: live && settingsOf(live),
      besideOnSameFilesystem: await isBeside(host),
      fencedBy,
      heldBy: held,
    };
  },
};

function settingsOf(live: z.infer<typeof settingsSchema>): Facts['settings'] {
  const { walLevel, trackCommitTimestamp, walLogHints, archiveMode, maxReplicationSlots } = live;
  return { walLevel, trackCommitTimestamp, walLogHints, archiveMode, maxReplicationSlots };
}

async function hbaFacts(
  host: Host,
  exempt: readonly Exempt[],
  ofLive: string | null,
): Promise<{ readonly fencedBy: string | null; readonly facts: Facts['hba'] }> {
  const file = hbaFileOf(host);
  if (file === undefined) return { fencedBy: null, facts: null };
  const text = await withServerFile(host, file, (held) => Promise.resolve(held.text)).catch((error: unknown) => {
    if (error instanceof ProblemError) return error;
    throw error;
  });
  const facts = { file, exempt: roleNames(exempt) };
  if (typeof text !== 'string') return { fencedBy: null, facts: { ...facts, unsupported: text.message } };
  return { fencedBy: fenceOf(text), facts: { ...facts, unsupported: await objectionTo(text, file, exempt, ofLive) } };
}

/** Why a fence cannot be made of the file. */
async function objectionTo(
  text: string,
  file: string,
  exempt: readonly Exempt[],
  ofLive: string | null,
): Promise<string | null> {
  if (ofLive !== null && !(await isSameFile(ofLive, file))) {
    return `live reads ${ofLive}, and the agent is configured for ${file}`;
  }
  if (isTorn(text)) return `a part of an earlier fence was left in ${file}: remove its lines`;
  const { shutOut } = fencedText(text, exempt, 'x', '');
  return shutOut.length === 0 ? null : `no plain rule of ${file} lets in ${shutOut.join(', ')}`;
}

/** A rename is enough only within one filesystem and beside the data directory, where its parent is the same. */
async function isBeside(host: Host): Promise<boolean> {
  const { dataDirectory } = host.server.postgres;
  const [copies, beside] = await Promise.all([
    identityOf(scratchPlace(host, 'x').parent),
    identityOf(path.dirname(dataDirectory)),
  ]);
  return copies !== undefined && copies.device === beside?.device;
}
