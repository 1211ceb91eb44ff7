import type { Json } from '@barback/shared/wire/json.ts';
import { sha256Hex } from '@barback/shared/wire/jws.ts';
import { appendEvent, type Actor } from '../audit/append-event.ts';
import type { Database } from '../db/database.ts';
import { documents, plans } from '../db/schema.ts';
import { write } from '../db/write.ts';
import { parseInstant } from '@barback/shared/postgres/instant.ts';
import type { PlanDocument } from './plan-document.ts';

/** Serialises the plan once; these bytes are stored, hashed, shown, executed and verified. Answers their SHA-256. */
export function freeze(
  database: Database,
  plan: PlanDocument,
  { by, requestHash }: { readonly by: Actor; readonly requestHash: string | null },
): string {
  const bytes = Buffer.from(JSON.stringify(plan), 'utf8');
  const hash = sha256Hex(bytes);
  const { id, server, scenario, createdBy } = plan;
  const [createdAt, expiresAt] = [micros(plan.createdAt), micros(plan.expiresAt)];
  write(database, (tx) => {
    tx.insert(documents).values({ sha256: hash, kind: 'plan', bytes }).run();
    tx.insert(plans).values({ id, hash, server, scenario, createdAt, expiresAt, createdBy, requestHash }).run();
    appendEvent(tx, {
      type: 'plan.created',
      at: createdAt,
      actor: by,
      server,
      plan: id,
      data: {
        hash,
        scenario,
        ...subjectOf(plan),
        findings: plan.findings.map(({ code, severity }) => ({ code, severity })),
      },
    });
  });
  return hash;
}

/** What the plan is about, for the record. */
function subjectOf(plan: PlanDocument): Record<string, Json> {
  switch (plan.scenario) {
    case 'drill':
    case 'extract':
    case 'point-in-time': {
      const { target, backup, timeline, stop } = plan;
      return { target: { ...target } as Json, backup: backup.id, timeline, stop };
    }
    case 'undo':
      return { undoes: plan.undoes, kept: plan.kept.path };
    case 'accept':
      return { accepts: plan.accepts, kept: plan.kept.path };
    case 'rebaseline':
      return { slots: plan.slots };
    case 'mirror':
      return { holds: plan.holds };
    case 'restore-from-mirror': {
      const { backup, timeline, mirror } = plan;
      return { backup: backup.id, timeline, mirror };
    }
    case 'standby-import': {
      const { import: name, source, into } = plan;
      return { import: name, source, into };
    }
    case 'import-undo':
      return { undoes: plan.undoes, kept: plan.kept.name };
    case 'import-accept':
      return { accepts: plan.accepts, kept: plan.kept.name };
    case 'provision': {
      const { replaces, terraform } = plan;
      return { replaces, digest: terraform?.digest ?? null, changes: terraform?.changes ?? [] };
    }
    case 'backup':
      return {};
  }
}

function micros(text: string): number {
  const parsed = parseInstant(text);
  if (!parsed.ok) throw new Error(`cannot freeze a plan with the time ${text}: ${parsed.reason}`);
  return parsed.micros;
}
