import { X509Certificate } from 'node:crypto';
import { readEnrolment, type Enrolment } from '@barback/shared/wire/enrolment.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { eq } from 'drizzle-orm';
import type { Prove } from '../agents/prove-agent.ts';
import type { Actor } from '../audit/append-event.ts';
import type { Reader } from '../db/database.ts';
import { servers } from '../db/schema.ts';
import { write } from '../db/write.ts';
import type { RecordDeps } from '../engine/record.ts';
import { endKey } from '../keys/key-store.ts';
import { sees, type Principal } from '../keys/principal.ts';
import { serverSettingsSchema, type ServerSettings } from '../planner/plan-document.ts';
import { agentUrlOf } from './agent-url.ts';
import { replacedAgent } from './replaced-agent.ts';
import { saveIn } from './server-store.ts';

interface Offer {
  readonly jws: string;
  readonly principal: Principal;
  readonly actor: Actor;
}

interface Deps extends RecordDeps {
  readonly prove: Prove;
}

/**
 * Gives a server to the agent that proves that it has the key it names, and answers at the address it names. Nothing is stored, and the key
 * of the request can be used again, unless both are proven.
 */
export async function enrol(deps: Deps, { jws, principal, actor }: Offer) {
  const offered = await requireSigned(jws);
  const { server: name, agentId } = offered;
  if (!sees(principal, name)) {
    throw new ProblemError(
      'forbidden',
      `this key is for ${principal.servers?.join(', ') ?? 'nothing'}, not for ${name}`,
      {
        next: "The name of the server in the agent's configuration is that of the token: rename it there, or ask for another token",
      },
    );
  }
  const candidate = {
    name,
    agentUrl: requireUrl(offered.agentUrl),
    agentId,
    agentKey: JSON.stringify(offered.agentKey),
    certificate: requireCertificate(offered.certificate),
  };
  const { version: agentVersion, heldBy, kind } = await deps.prove(candidate, principal.id);
  const how = write(deps.database, (tx) => {
    const at = deps.clock.now();
    // Of two that come at the same time, one finds it used.
    if (!endKey(tx, principal.id, actor, at)) throw used();
    const server = { ...candidate, kind, settings: settingsOf(tx, name), createdAt: at };
    return saveIn(tx, server, actor, replacedAgent(deps, { server: name, heldBy }));
  });
  return { server: name, how, agentId, agentVersion };
}

async function requireSigned(jws: string): Promise<Enrolment> {
  const offered = await readEnrolment(jws);
  if (offered !== undefined) return offered;
  throw new ProblemError('validation-failed', 'the enrolment is not signed by the key that it names', {
    next: 'Let barback-agent enroll make it',
  });
}

function requireUrl(text: string): string {
  const url = agentUrlOf(text);
  if (url !== undefined) return url;
  throw new ProblemError('validation-failed', `${JSON.stringify(text)} is not an https address without a path`, {
    next: 'barback-agent enroll --agent-url https://10.0.0.5:7432',
  });
}

function requireCertificate(text: string): string {
  try {
    return new X509Certificate(text).toString();
  } catch {
    throw new ProblemError('validation-failed', 'the certificate of the agent is none in PEM', {
      next: 'Let barback-agent enroll send it',
    });
  }
}

function settingsOf(reader: Reader, name: string): ServerSettings {
  const row = reader.select().from(servers).where(eq(servers.name, name)).get();
  return serverSettingsSchema.parse(row === undefined ? {} : JSON.parse(row.settings));
}

function used(): ProblemError {
  return new ProblemError('invalid-token', 'the token has been used', { next: 'Ask for another one' });
}
