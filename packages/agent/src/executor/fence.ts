import path from 'node:path';
import { idSchema } from '@barback/shared/wire/identifiers.ts';
import { problem, type Problem } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import { readIfExists, writeAtomic } from '../system/files.ts';

const fenceSchema = z.strictObject({ fence: z.int().nonnegative(), plan: idSchema.nullable() });

/** The newest fence of a server and the plan that holds it; 0 and nobody before the first claim. */
export type Fence = z.infer<typeof fenceSchema>;

export type ClaimDecision =
  | { readonly is: 'held' | 'issued'; readonly fence: Fence }
  | { readonly is: 'refused'; readonly problem: Problem };

/** Compare-and-swap: a fence never decreases, and no two plans get the same. */
export function decideClaim(current: Fence, plan: string, expect: number, busy: string | undefined): ClaimDecision {
  if (current.plan === plan) return { is: 'held', fence: current };
  if (current.fence !== expect) return { is: 'refused', problem: staleFence(current, plan, expect) };
  if (busy !== undefined) {
    return {
      is: 'refused',
      problem: problem('server-busy', `cannot give the server to plan ${plan}: job ${busy} still works on it`, {
        next: 'wait for that job to end, or cancel its run',
        facts: { opid: busy, plan: current.plan },
      }),
    };
  }
  return { is: 'issued', fence: { fence: current.fence + 1, plan } };
}

/** The problem of changing a server with a fence that is not its newest; undefined when it is. */
export function checkFence(current: Fence, plan: string | null, fence: number | null): Problem | undefined {
  if (plan !== null && current.plan === plan && current.fence === fence && fence > 0) return undefined;
  return staleFence(current, plan ?? '(none)', fence);
}

export async function readFence(stateDirectory: string, serverName: string): Promise<Fence> {
  const file = fenceFile(stateDirectory, serverName);
  const text = await readIfExists(file);
  if (text === undefined) return { fence: 0, plan: null };
  try {
    return fenceSchema.parse(JSON.parse(text));
  } catch (error) {
    // Guessing would let two plans hold one server.
    throw new Error(`cannot read the fence ${file}: restore it from a backup, or write a higher number by hand`, {
      cause: error,
    });
  }
}

export async function writeFence(stateDirectory: string, serverName: string, fence: Fence): Promise<void> {
  await writeAtomic(fenceFile(stateDirectory, serverName), JSON.stringify(fence));
}

function fenceFile(stateDirectory: string, serverName: string): string {
  return path.join(stateDirectory, 'fences', `${serverName}.json`);
}

function staleFence(current: Fence, plan: string, fence: number | null): Problem {
  const holder = current.plan === null ? 'nobody holds the server' : `plan ${current.plan} holds the server`;
  return problem(
    'fence-stale',
    `cannot accept fence ${fence ?? '(none)'} of plan ${plan}: the newest is ${current.fence}; ${holder}`,
    {
      next: 'claim the server again with the fence named in facts, if no other run needs it',
      facts: { fence: current.fence, plan: current.plan },
    },
  );
}
