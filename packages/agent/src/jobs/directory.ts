import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { idPattern } from '@barback/shared/wire/identifiers.ts';
import { progressSchema, type JobView } from '@barback/shared/wire/job.ts';
import { sha256Hex } from '@barback/shared/wire/jws.ts';
import { ProblemError, type Problem } from '@barback/shared/wire/problem.ts';
import type { TokenClaims } from '@barback/shared/wire/token.ts';
import { nowMicros } from '../system/clock.ts';
import {
  ensureDirectory,
  kindOf,
  listDirectory,
  makeDirectory,
  removeTree,
  renameDurable,
} from '../system/directory-tree.ts';
import { createExclusive, hasCode, readIfExists, syncDirectory, writeAtomic, writeNew } from '../system/files.ts';
import { isAlive } from '../system/process-table.ts';
import {
  jobFileNames,
  jobResultSchema,
  jobSpecSchema,
  startedSchema,
  type JobFiles,
  type JobResult,
  type JobSpec,
} from './files.ts';
import { jobView } from './state.ts';

/** What makes two requests for one opid the same. */
export function requestDigest(claims: Pick<TokenClaims, 'op' | 'params' | 'plan' | 'step' | 'attempt'>): string {
  return sha256Hex(JSON.stringify([claims.op, claims.params, claims.plan, claims.step, claims.attempt]));
}

/** The jobs of an agent: one directory each, named by the opid. */
export class JobDirectory {
  readonly #root: string;

  constructor(stateDirectory: string) {
    this.#root = path.join(stateDirectory, 'jobs');
  }

  /** Creates the parent and clears what a crash in the middle of a claim has left. */
  async open(): Promise<void> {
    await ensureDirectory(this.#root);
    const left = (await listDirectory(this.#root)).filter((name) => name.startsWith('.'));
    for (const name of left) await removeTree(path.join(this.#root, name));
  }

  pathOf(opid: string): string {
    // The opid becomes a path: nothing but an identifier may.
    if (!idPattern.test(opid)) throw new Error(`cannot use ${JSON.stringify(opid)} as the name of a job`);
    return path.join(this.#root, opid);
  }

  async list(): Promise<string[]> {
    return (await listDirectory(this.#root)).filter((name) => idPattern.test(name));
  }

  /** Makes the job exist, durably and with everything it needs, or not at all; false when the opid is taken. */
  async claim(spec: JobSpec, request: string, receipt: string): Promise<boolean> {
    const temporary = path.join(this.#root, `.claim-${spec.opid}-${randomBytes(6).toString('hex')}`);
    await makeDirectory(temporary);
    await Promise.all([
      writeNew(path.join(temporary, jobFileNames.request), request),
      writeNew(path.join(temporary, jobFileNames.spec), JSON.stringify(spec)),
      writeNew(path.join(temporary, jobFileNames.receipt), receipt),
    ]);
    await syncDirectory(temporary);
    try {
      // A directory replaces only an empty one, and a job's is never empty.
      await renameDurable(temporary, this.pathOf(spec.opid));
      return true;
    } catch (error) {
      await removeTree(temporary);
      if (hasCode(error, 'ENOTEMPTY', 'EEXIST')) return false;
      throw error;
    }
  }

  /** The spec, or undefined when there is no such job; an unknown format is a problem, and the job is left alone. */
  async spec(opid: string): Promise<JobSpec | undefined> {
    const text = await readIfExists(path.join(this.pathOf(opid), jobFileNames.spec));
    if (text === undefined) return undefined;
    const parsed = jobSpecSchema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    throw new ProblemError('unsupported-version', `cannot read job ${opid}: its directory has an unknown format`, {
      next: 'it was written by another version of the agent; use that version to look at it',
    });
  }

  async files(opid: string): Promise<JobFiles | undefined> {
    const spec = await this.spec(opid);
    if (!spec) return undefined;
    const directory = this.pathOf(opid);
    const read = (name: string) => readIfExists(path.join(directory, name));
    // The result last: whoever saw an earlier file sees at least what belongs to it.
    const [started, progress, firstReceipt, cancel] = await Promise.all([
      read(jobFileNames.started),
      read(jobFileNames.progress),
      read(jobFileNames.receipt),
      kindOf(path.join(directory, jobFileNames.cancel)),
    ]);
    const result = await read(jobFileNames.result);
    return {
      spec,
      started: started === undefined ? undefined : startedSchema.parse(JSON.parse(started)),
      progress: progress === undefined ? undefined : progressSchema.parse(JSON.parse(progress)),
      result: result === undefined ? undefined : jobResultSchema.parse(JSON.parse(result)),
      cancelAsked: cancel === 'file',
      firstReceipt,
    };
  }

  /** The job as its files and the process table say; undefined when there is none. */
  async view(opid: string): Promise<JobView | undefined> {
    const files = await this.files(opid);
    if (!files) return undefined;
    const view = jobView(files, await runnerAlive(files));
    if (view.state !== 'lost') return view;
    // The runner may have written its result and ended between the two looks.
    const again = await this.files(opid);
    return again && jobView(again, false);
  }

  /** Keeps every runner from beginning this job from now on; false when one has begun. */
  async bar(opid: string, why: Problem, state: 'failed' | 'cancelled' = 'failed'): Promise<boolean> {
    const now = nowMicros();
    const started = JSON.stringify({ startedAt: now, runner: null });
    const barred = await createExclusive(path.join(this.pathOf(opid), jobFileNames.started), started);
    if (barred) await this.writeResult(opid, { state, problem: why, endedAt: now });
    return barred;
  }

  async writeResult(opid: string, result: JobResult): Promise<void> {
    await writeAtomic(path.join(this.pathOf(opid), jobFileNames.result), JSON.stringify(result));
  }

  /** Whether the job has left a result; cheap, for looking through many. */
  async hasEnded(opid: string): Promise<boolean> {
    return (await kindOf(path.join(this.pathOf(opid), jobFileNames.result))) === 'file';
  }

  async askCancel(opid: string): Promise<void> {
    await createExclusive(path.join(this.pathOf(opid), jobFileNames.cancel), '');
  }

  async remove(opid: string): Promise<void> {
    await removeTree(this.pathOf(opid));
  }
}

/** The problem of asking for a job that is not there. */
export function noSuchJob(opid: string): ProblemError {
  return new ProblemError(
    'no-such-job',
    `cannot find job ${opid}: it was never accepted here, or its record was pruned`,
    {
      next: 'send the operation with this opid',
    },
  );
}

async function runnerAlive(files: JobFiles): Promise<boolean> {
  const runner = files.started?.runner;
  return runner ? isAlive(runner) : false;
}
