import { credentialNamesMax } from '@barback/shared/operations/credentials.ts';
import type { Params } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import {
  carryCredentialsScript,
  compareCredentials,
  credentialsSchema,
  credentialsSql,
  credentialsToCarry,
  type Credential,
} from '../postgres/credentials-sql.ts';
import { askIfAnswering } from './ask-live.ts';
import { requirePlan } from './backup-lease.ts';
import { copyProcess, requireCopyProcess } from './copy-process.ts';
import { askJson, copyServer, shortLimits, sqlProgram } from './copy-sql.ts';
import { executeOk } from './execute.ts';
import { barmanRoles } from './fence-place.ts';
import type { Call, Handler, Host } from './handler.ts';
import { scratchPlace } from './scratch-place.ts';
import { readRecord, requireScratch } from './scratch-record.ts';

export const credentialsCompare: Handler<'credentials-compare'> = {
  async perform(host, _params, call) {
    const { live, copy } = await bothSides(host, call);
    if (live === null) {
      return { compared: false, differ: false, changed: [], onlyLive: [], onlyCopy: [], more: 0 };
    }
    const { changed, onlyLive, onlyCopy } = compareCredentials(live, copy);
    const lists = [changed, onlyLive, onlyCopy];
    return {
      compared: true,
      differ: lists.some((list) => list.length > 0),
      changed: changed.slice(0, credentialNamesMax).map(({ role, what }) => ({ role, what: [...what] })),
      onlyLive: onlyLive.slice(0, credentialNamesMax),
      onlyCopy: onlyCopy.slice(0, credentialNamesMax),
      more: lists.reduce((total, list) => total + Math.max(0, list.length - credentialNamesMax), 0),
    };
  },
};

export const credentialsCarry: Handler<'credentials-carry'> = {
  async perform(host, params, call) {
    const place = await requireScratch(host, requirePlan(call));
    const { live, copy } = await bothSides(host, call);
    if (live === null) throw liveSilent();
    const carried = await toCarry(host, { live, copy, ...params }, call);
    const program = sqlProgram(copyServer(host, place), carryCredentialsScript(carried), shortLimits);
    await executeOk(program, call.signal, 'postgres-failed');
    return told(carried);
  },

  async observe(host, params, call) {
    const place = scratchPlace(host, requirePlan(call));
    if (!(await readRecord(place)) || !(await copyProcess(place))) return { is: 'absent' };
    const { live, copy } = await bothSides(host, call);
    // Carried over or never different: the same state, of which the names are not known any more.
    const done = live !== null && (await toCarry(host, { live, copy, ...params }, call)).length === 0;
    return done ? { is: 'complete', result: { carried: [], more: 0 } } : { is: 'absent' };
  },
};

interface Sides extends Pick<Params<'credentials-carry'>, 'of'> {
  readonly live: readonly Credential[];
  readonly copy: readonly Credential[];
}

async function toCarry(host: Host, { live, copy, of }: Sides, call: Call): Promise<Credential[]> {
  const all = credentialsToCarry(live, copy);
  if (of === undefined) return all;
  const roles = await barmanRoles(host, call);
  return all.filter(({ role }) => role === roles.database || role === roles.replication);
}

async function bothSides(
  host: Host,
  call: Call,
): Promise<{ readonly live: Credential[] | null; readonly copy: Credential[] }> {
  const place = await requireScratch(host, requirePlan(call));
  await requireCopyProcess(place);
  const server = { ...copyServer(host, place), secret: true };
  const copy = await askJson(server, credentialsSql, credentialsSchema, call.signal);
  const live = await askIfAnswering(host, { sql: credentialsSql, secret: true }, credentialsSchema, call);
  return { live, copy };
}

function told(carried: readonly Credential[]) {
  return {
    carried: carried.slice(0, credentialNamesMax).map((one) => one.role),
    more: Math.max(0, carried.length - credentialNamesMax),
  };
}

function liveSilent(): ProblemError {
  return new ProblemError('postgres-failed', 'live does not answer, so its passwords cannot be carried over', {
    next: 'plan again with "credentials": "of-target", or start live first; nothing was changed',
  });
}
