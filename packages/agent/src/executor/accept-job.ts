import type { JobView } from '@barback/shared/wire/job.ts';
import { problem, ProblemError, type Problem } from '@barback/shared/wire/problem.ts';
import type { TokenClaims } from '@barback/shared/wire/token.ts';
import { requestDigest } from '../jobs/directory.ts';
import { jobFormat, type JobSpec } from '../jobs/files.ts';
import { jobView } from '../jobs/state.ts';
import { nowMicros } from '../system/clock.ts';
import { checkFence, readFence } from './fence.ts';
import { currentView } from './job-views.ts';
import type { Asked, Parts } from './parts.ts';

/** The signed answer to a request for a job, or the problem that refuses it. */
export type Accepted = { readonly receipt: string } | { readonly job: JobView } | { readonly problem: Problem };

/**
 * Accepts a job exactly once: its directory appears with the receipt that is answered, then the runner starts. A second
 * request with the same opid gets the job as it is now, or a conflict when it asks for something else.
 */
export async function acceptJob(
  parts: Parts,
  serverName: string,
  claims: TokenClaims,
  asked: Asked,
): Promise<Accepted> {
  return parts.servers.run(serverName, async () => {
    const stale = checkFence(await readFence(parts.config.stateDirectory, serverName), claims.plan, claims.fence);
    if (stale) return { problem: stale };
    const known = await parts.jobs.spec(claims.opid);
    if (known) return sameOrConflict(parts, known, claims);
    const spec = jobSpec(serverName, claims);
    const job = jobView(
      { spec, started: undefined, progress: undefined, result: undefined, cancelAsked: false, firstReceipt: undefined },
      false,
    );
    const receipt = await parts.signer.sign(asked.names, { kind: 'job', job }, spec.acceptedAt);
    if (!(await parts.jobs.claim(spec, asked.names.token, receipt))) {
      throw new ProblemError('internal', `cannot claim job ${claims.opid}: its directory appeared meanwhile`, {
        next: 'ask again; make sure that only one executor uses the state directory',
      });
    }
    await parts.launcher.launch(claims.opid);
    return { receipt };
  });
}

async function sameOrConflict(parts: Parts, known: JobSpec, claims: TokenClaims): Promise<Accepted> {
  if (known.digest === requestDigest(claims)) return { job: await currentView(parts, claims.opid) };
  const detail = `cannot use ${claims.opid} for ${claims.op}: it names another request, ${known.op} of plan ${known.plan}`;
  return { problem: problem('operation-conflict', detail, { next: 'make a new opid for a new attempt' }) };
}

function jobSpec(serverName: string, claims: TokenClaims): JobSpec {
  if (claims.plan === null || claims.fence === null) throw new Error('a job was admitted without plan or fence');
  return {
    format: jobFormat,
    opid: claims.opid,
    op: claims.op,
    params: claims.params,
    plan: claims.plan,
    step: claims.step,
    attempt: claims.attempt,
    fence: claims.fence,
    serverName,
    acceptedAt: nowMicros(),
    digest: requestDigest(claims),
  };
}
