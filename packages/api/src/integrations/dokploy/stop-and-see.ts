import { ProblemError, problemTypeOf } from '@barback/shared/wire/problem.ts';
import { waitFor } from '../wait.ts';
import { DokploySilence } from './ask-dokploy.ts';
import { lookWhetherStopped, ownContainers, running, type StoppedEvidence } from './containers.ts';
import type { DokploySnapshot } from './snapshot.ts';
import { applicationFailed, type ApplicationState, type DokployWork } from './work.ts';

/** As many looks in a row count while Dokploy has not answered `stop` yet, which can take long after the last container ended. */
const looksWithoutAnswer = 3;

/**
 * Asks for the stop and looks at the containers meanwhile. Only they count: `application.stop` answers 200 whatever docker said,
 * and an answer that never comes says nothing either.
 */
export async function stopAndSee(
  work: DokployWork,
  place: DokploySnapshot,
  ask: (signal: AbortSignal) => Promise<void>,
): Promise<StoppedEvidence> {
  const call = new AbortController();
  let answer: { readonly error: Error | null } | null = null;
  const asked = ask(call.signal).then(
    () => void (answer = { error: null }),
    (error: Error) => void (answer = { error }),
  );
  let agreed = 0;
  let last: unknown = null;
  try {
    const how = { limitMs: work.limitMs, everyMs: work.pace.pollMs, signal: work.signal };
    const seen = await waitFor(how, async () => {
      const refused = answer?.error ?? null;
      if (refused !== null && !(refused instanceof DokploySilence)) throw refused;
      try {
        last = await lookWhetherStopped(work.client, place);
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        last = error;
      }
      if (last !== 'exited' && last !== 'gone') agreed = 0;
      else if (answer !== null || ++agreed >= looksWithoutAnswer) return last;
      return undefined;
    });
    if (seen !== undefined) return seen;
  } catch (error) {
    throw await withState(work, place, error);
  } finally {
    call.abort();
    await asked;
  }
  throw notStopped(work, last);
}

/** While Dokploy restarts, a proxy answers for it: that is looked through until the deadline. */
function isUnreachable(error: unknown): boolean {
  return error instanceof ProblemError && problemTypeOf(error.problem) === 'application-unreachable';
}

function notStopped({ name, limitMs }: DokployWork, last: unknown): ProblemError {
  const after = `${limitMs / 1000} s after it was asked to stop it`;
  if (last === 'running') {
    return applicationFailed(name, 'running', {
      detail: `Containers of ${name} still run ${after}, whatever Dokploy answers`,
      next: 'Stop it by hand (docker service scale), or find out who starts it again: another deployment, a webhook.',
    });
  }
  const why =
    last instanceof ProblemError
      ? last.message
      : 'Dokploy lists no container of anything, as it does when docker fails';
  return applicationFailed(name, 'unknown', {
    detail: `Whether ${name} runs is not known ${after}: ${why}`,
    next: 'Look with docker ps on its host; the fence of the database keeps it from writing in any case.',
  });
}

/** The same problem, with how the application is now. */
export async function withState(work: DokployWork, place: DokploySnapshot, error: unknown): Promise<unknown> {
  if (!(error instanceof ProblemError) || work.signal.aborted) return error;
  const state = await stateNow(work, place);
  const type = problemTypeOf(error.problem) ?? 'application-failed';
  const { next, facts } = error.problem;
  return new ProblemError(type, `${error.problem.detail}. ${work.name}: ${saying[state]}`, {
    ...(next === undefined ? {} : { next }),
    facts: { ...facts, application: work.name, state },
  });
}

const saying: Readonly<Record<ApplicationState, string>> = {
  running: 'its containers run',
  partly: 'a part of its containers runs',
  stopped: 'no container of it runs',
  unknown: 'whether it runs is not known',
};

async function stateNow({ client }: DokployWork, place: DokploySnapshot): Promise<ApplicationState> {
  try {
    const count = running(await ownContainers(client, place)).length;
    if (count > 0) return count >= wantedOf(place) ? 'running' : 'partly';
    return (await lookWhetherStopped(client, place)) === 'unknown' ? 'unknown' : 'stopped';
  } catch {
    return 'unknown';
  }
}

export function wantedOf(snapshot: DokploySnapshot): number {
  return Math.max(snapshot.type === 'compose' ? snapshot.running : snapshot.wanted, 1);
}
