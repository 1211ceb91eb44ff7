import type { JobState, JobView } from '@barback/shared/wire/job.ts';
import { problem, type Problem } from '@barback/shared/wire/problem.ts';
import type { ProcessIdentity } from '../system/process-table.ts';
import type { JobFiles } from './files.ts';

/** A job's state from the files of its directory and from whether its runner, identified beyond doubt, still runs. */
export function jobState(files: Pick<JobFiles, 'started' | 'result'>, runnerAlive: boolean): JobState {
  if (files.result) return files.result.state;
  if (!files.started) return 'accepted';
  return runnerAlive ? 'running' : 'lost';
}

export function jobView(files: JobFiles, runnerAlive: boolean): JobView {
  const { spec, result } = files;
  const state = jobState(files, runnerAlive);
  return {
    opid: spec.opid,
    op: spec.op,
    state,
    progress: files.progress ?? null,
    result: result?.state === 'succeeded' ? result.result : null,
    problem: problemOf(files, state),
    acceptedAt: spec.acceptedAt,
    startedAt: files.started?.runner ? files.started.startedAt : null,
    endedAt: result?.endedAt ?? null,
    firstReceipt: files.firstReceipt ?? null,
  };
}

export function isEnded(state: JobState): boolean {
  return state !== 'accepted' && state !== 'running';
}

function problemOf({ spec, result }: JobFiles, state: JobState): Problem | null {
  if (result) return result.state === 'succeeded' ? null : result.problem;
  if (state !== 'lost') return null;
  return problem('job-lost', `cannot tell how ${spec.op} ended: its runner is gone and left no result`, {
    next: 'observe the job to see what it has changed; its programs have been ended',
  });
}

/** The runner that has begun the job and has not left a result. */
export function startedRunner(files: JobFiles | undefined): ProcessIdentity | undefined {
  return files?.result ? undefined : (files?.started?.runner ?? undefined);
}
