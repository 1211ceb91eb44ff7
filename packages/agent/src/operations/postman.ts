import path from 'node:path';
import { ProblemError, problemTypeOf } from '@barback/shared/wire/problem.ts';
import { collectionSchema, requestsOf } from '../postman/collection.ts';
import { newmanArgv, parseReport, type Report } from '../postman/newman.ts';
import { monotonicMs } from '../system/clock.ts';
import { readIfExists } from '../system/files.ts';
import { execute, executeOk } from './execute.ts';
import { fileDigest } from './file-digest.ts';
import type { Call, Handler, Host } from './handler.ts';
import { withWorkplace } from './workplace.ts';

const failedMax = 50;
const junitMax = 64_000;
const runMs = 29 * 60_000;

export const postmanLook: Handler<'postman-look'> = {
  async perform(host, params, call) {
    const config = collectionOf(host, params.collection);
    const [version, requests] = await Promise.all([versionOf(config, call), requirePinned(params.collection, config)]);
    return { version, requests };
  },
};

export const postmanRun: Handler<'postman-run'> = {
  async perform(host, params, call) {
    const config = collectionOf(host, params.collection);
    await requirePinned(params.collection, config);
    const startedAt = monotonicMs();
    const { user = null, environmentFile = null } = config;
    return withWorkplace({ user, call, prefix: 'barback-postman' }, async (work) => {
      const file = path.join(work, 'report.xml');
      const argv = newmanArgv({ ...config, environmentFile }, file);
      const outcome = await execute({ argv, user, timeoutMs: runMs }, call.signal);
      const junit = (await readIfExists(file)) ?? '';
      const report = read(junit, outcome.stderr || outcome.stdout);
      // 1: something failed (newman 6); everything else is no outcome of a collection.
      if ((outcome.exitCode !== 0 && outcome.exitCode !== 1) || report.assertions + report.unanswered === 0) {
        throw refused(`newman ended with exit code ${outcome.exitCode} and ${report.assertions} assertions`);
      }
      const seconds = (monotonicMs() - startedAt) / 1000;
      return { ...report, failed: report.failed.slice(0, failedMax), seconds, junit: junit.slice(0, junitMax) };
    });
  },
};

type Collection = Host['config']['collections'][string];

function collectionOf({ config, serverName }: Host, name: string): Collection {
  const found = Object.hasOwn(config.collections, name) ? config.collections[name] : undefined;
  if (found) return found;
  throw refused(`the agent of ${serverName} has no collection ${name}`);
}

async function versionOf(collection: Collection, call: Call): Promise<string> {
  const { program, user = null } = collection;
  try {
    const argv = [program, '--version'];
    return (await executeOk({ argv, user, timeoutMs: 60_000 }, call.signal, 'smoke-failed')).stdout.trim();
  } catch (error) {
    if (!(error instanceof ProblemError) || problemTypeOf(error.problem) !== 'internal') throw error;
    throw refused(`newman is not there: ${error.message}`);
  }
}

/** A collection is a program: the one that was read and pinned is run, and no other. */
async function requirePinned(name: string, { file, sha256 }: Collection): Promise<number> {
  const now = await fileDigest(file).catch(() => null);
  if (now?.sha256 !== sha256)
    throw refused(`the file of ${name} is ${now === null ? 'not there' : 'not the pinned one'}: ${file}`);
  const parsed = collectionSchema.safeParse(JSON.parse((await readIfExists(file)) ?? ''));
  if (!parsed.success) throw refused(`cannot read ${file}: ${parsed.error.issues[0]?.message}`);
  const requests = requestsOf(parsed.data);
  if (requests === 0) throw refused(`${name} asks for nothing`);
  return requests;
}

function read(junit: string, words: string): Report {
  try {
    return parseReport(junit);
  } catch (error) {
    throw refused(`${error instanceof Error ? error.message : String(error)}: ${words.trim().slice(-300)}`);
  }
}

function refused(detail: string): ProblemError {
  return new ProblemError('smoke-failed', detail, {
    next: 'Correct collections in the configuration of the agent that runs newman (program, file and its sha256), and start its executor again.',
  });
}
