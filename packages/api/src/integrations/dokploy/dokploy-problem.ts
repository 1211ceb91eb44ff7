import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { PeerAnswer } from '../ask-peer.ts';
import { errorSchema } from './answers.ts';

/** What Dokploy refused with words of its own; the key is good. */
export class DokployRefusal extends ProblemError {
  readonly code: string;
  constructor(code: string, detail: string, next: string) {
    super('application-failed', detail, { next, facts: { code } });
    this.name = 'DokployRefusal';
    this.code = code;
  }
}

/**
 * An answer other than 200, as a problem. Dokploy's messages are not repeated: that of a 500 can be a command line with everything
 * in it. `facts.code` is a word of its closed list.
 */
export function dokployProblem(where: string, call: string, answer: PeerAnswer): ProblemError {
  const { status } = answer;
  const error = errorOf(answer);
  if (error === null) return noDokploy(where, call, answer);
  const code = /^[A-Z_]{1,40}$/.test(error.code ?? '') ? (error.code ?? '') : '';
  if (status === 401 && code === '') {
    return new ProblemError('application-failed', `${where} refuses the API key (${call})`, {
      next: 'Dokploy gives the same answer for a key that is wrong, expired or rate-limited: make one without a rate limit and replace the secret.',
      facts: { status },
    });
  }
  if (status === 401) {
    return new DokployRefusal(code, `The user of the API key may not do ${call} at ${where}`, permissions);
  }
  if (status === 404) {
    const next =
      'Compare the id in the settings with the address of the dashboard; the key sees one organization only.';
    return new DokployRefusal(code, `${where} has no such service, or no ${call}`, next);
  }
  if (status === 400) {
    const fields = fieldsOf(error).join(', ') || 'unnamed fields';
    const next = 'This version of Dokploy wants something else: report it with its version.';
    return new DokployRefusal(code, `${where} does not accept what ${call} was given: ${fields}`, next);
  }
  const next = 'Look at the service in the dashboard of Dokploy, and at its own log.';
  return new DokployRefusal(code, `${where} failed in ${call} with ${status} ${code}`.trimEnd(), next);
}

const permissions =
  'Give the user the service, and "can create services" for the number of replicas and auto-deploy, or use the key of another user.';

function errorOf(answer: PeerAnswer) {
  if (answer.contentType !== 'application/json') return null;
  try {
    return errorSchema.safeParse(JSON.parse(answer.text)).data ?? null;
  } catch {
    return null;
  }
}

function noDokploy(where: string, call: string, { status, contentType }: PeerAnswer): ProblemError {
  const said = contentType === '' ? 'nothing' : contentType;
  if (status >= 300 && status < 400) {
    return new ProblemError(
      'application-unreachable',
      `${where} redirects ${call} (${status}), which is not followed`,
      {
        next: 'Write the address that it redirects to into the settings.',
        facts: { status },
      },
    );
  }
  return new ProblemError(
    'application-unreachable',
    `${where} answered ${call} with ${status} and ${said}, not as Dokploy does`,
    {
      next: 'A proxy in front of Dokploy answers for it: look whether Dokploy runs.',
      facts: { status },
    },
  );
}

function fieldsOf(error: NonNullable<ReturnType<typeof errorOf>>): readonly string[] {
  const named = [
    ...Object.keys(error.data?.zodError?.fieldErrors ?? {}),
    ...(error.issues ?? []).map(({ path }) => path.join('.')),
  ];
  return [...new Set(named)].filter((name) => /^[A-Za-z0-9_.]{1,60}$/.test(name));
}
