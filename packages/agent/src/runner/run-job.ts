import path from 'node:path';
import type { Json } from '@barback/shared/wire/json.ts';
import type { AgentConfig } from '../config.ts';
import type { Call } from '../operations/handler.ts';
import { problemOfError } from '../problem-of-error.ts';
import { hostOf, type Operation, type Registry } from '../registry.ts';
import { JobDirectory } from '../jobs/directory.ts';
import { jobFileNames, type JobResult, type JobSpec } from '../jobs/files.ts';
import { nowMicros } from '../system/clock.ts';
import { kindOf } from '../system/directory-tree.ts';
import { createExclusive } from '../system/files.ts';
import { killMarked, processIdentity } from '../system/process-table.ts';
import { setJobMarker } from '../system/run-program.ts';
import { ProgressFile } from './progress-file.ts';
import { JobLog } from './job-log.ts';
import { stoppedAs, Stopping } from './stopping.ts';

/**
 * Runs one job to its end, leaves its result in the job's directory and returns it. Its first effect is to begin exclusively, so a
 * second runner of the same job does nothing and returns nothing.
 */
export async function runJob(
  jobDirectory: string,
  config: AgentConfig,
  registry: Registry,
): Promise<JobResult | undefined> {
  const jobs = new JobDirectory(config.stateDirectory);
  const opid = path.basename(jobDirectory);
  const spec = await jobs.spec(opid);
  if (!spec) throw new Error(`cannot run the job ${jobDirectory}: it has no ${jobFileNames.spec}`);
  const stopping = new Stopping();
  // Before the job begins, so that no cancel can fall between its begin and this.
  const terminated = (): void =>
    void cancelAsked(jobDirectory).then((asked) => stopping.ask(asked ? 'cancel' : 'terminated'));
  process.on('SIGTERM', terminated);
  try {
    return await begin(jobDirectory, { spec, config, registry, stopping }, jobs);
  } finally {
    process.off('SIGTERM', terminated);
  }
}

async function begin(jobDirectory: string, work: Work, jobs: JobDirectory): Promise<JobResult | undefined> {
  const { opid } = work.spec;
  const runner = await processIdentity(process.pid);
  if (!runner) throw new Error(`cannot find process ${process.pid} in /proc`);
  const started = JSON.stringify({ startedAt: nowMicros(), runner });
  if (!(await createExclusive(path.join(jobDirectory, jobFileNames.started), started))) return undefined;
  setJobMarker(opid);
  const result = await perform(jobDirectory, work);
  // Whatever the handler forgot: when a job has ended, none of its programs runs.
  await killMarked(opid);
  await jobs.writeResult(opid, result);
  return result;
}

interface Work {
  readonly spec: JobSpec;
  readonly config: AgentConfig;
  readonly registry: Registry;
  readonly stopping: Stopping;
}

async function perform(jobDirectory: string, work: Work): Promise<JobResult> {
  const progress = new ProgressFile(path.join(jobDirectory, jobFileNames.progress));
  const log = new JobLog(path.join(jobDirectory, jobFileNames.log));
  try {
    const operation = work.registry.operations.get(work.spec.op);
    if (!operation) throw new Error('this agent does not know the operation');
    if (await cancelAsked(jobDirectory)) work.stopping.ask('cancel');
    const call: Call = {
      opid: work.spec.opid,
      plan: work.spec.plan,
      signal: work.stopping.begin(operation.contract),
      progress: (phase, bytes, totalBytes) => progress.report(phase, bytes, totalBytes),
      log: (line, facts) => log.add(line, facts),
    };
    return await outcome(operation, work, call);
  } catch (error) {
    const problem = problemOfError(error, `carry out ${work.spec.op}`);
    log.add(`failed: ${problem.detail}`, { type: problem.type });
    return { state: 'failed', problem, endedAt: nowMicros() };
  } finally {
    work.stopping.end();
    await Promise.all([progress.close(), log.close()]);
  }
}

async function outcome(operation: Operation, { spec, config, stopping }: Work, call: Call): Promise<JobResult> {
  const { contract, handler } = operation;
  const stopped = () => {
    const reason = stopping.reason ?? 'terminated';
    return { ...stoppedAs(reason, spec.op, contract.limitMs), endedAt: nowMicros() };
  };
  if (call.signal.aborted) return stopped();
  const host = hostOf(config, spec.serverName);
  const performing = handler.perform(host, contract.params.parse(spec.params), call);
  // A handler that does not heed the signal is left behind with its programs ended.
  const ended = await Promise.race([performing.then((result) => ({ result })), stopping.overdue]).catch(
    (error: unknown) => {
      if (call.signal.aborted) return undefined;
      throw error;
    },
  );
  if (!ended) return stopped();
  const result = contract.result.parse(ended.result) as Json;
  return { state: 'succeeded', result, endedAt: nowMicros() };
}

async function cancelAsked(jobDirectory: string): Promise<boolean> {
  return (await kindOf(path.join(jobDirectory, jobFileNames.cancel))) === 'file';
}
