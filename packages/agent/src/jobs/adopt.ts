import type { OperationClass } from '@barback/shared/operations/contract.ts';
import { problem, type Problem } from '@barback/shared/wire/problem.ts';
import type { JobDirectory } from './directory.ts';
import type { Launcher } from './launch.ts';

export type Adoption =
  | { readonly is: 'leave' }
  | { readonly is: 'launch' }
  | { readonly is: 'bar'; readonly problem: Problem };

/**
 * What a starting executor does about a job that it finds accepted but not started. Running jobs need nothing: their
 * files say everything. What destroys or replaces is not begun late, when the world may have moved on.
 */
export function decideAdoption(state: string, operationClass: OperationClass | undefined): Adoption {
  if (state !== 'accepted') return { is: 'leave' };
  if (operationClass === 'I' || operationClass === 'A') return { is: 'launch' };
  const why =
    operationClass === 'D'
      ? 'not started: the agent restarted before it began'
      : 'not started: the agent does not know the operation any more';
  return { is: 'bar', problem: problem('job-lost', why, { next: 'observe the job, then ask for it with a new opid' }) };
}

/** Takes over the jobs of an earlier executor by their files alone. */
export async function adoptJobs(
  jobs: JobDirectory,
  launcher: Launcher,
  classOf: (op: string) => OperationClass | undefined,
): Promise<void> {
  for (const opid of await jobs.list()) {
    const view = await jobs.view(opid).catch(() => undefined);
    if (!view) continue;
    const adoption = decideAdoption(view.state, classOf(view.op));
    if (adoption.is === 'launch') await launcher.launch(opid);
    if (adoption.is === 'bar') await jobs.bar(opid, adoption.problem);
  }
}
