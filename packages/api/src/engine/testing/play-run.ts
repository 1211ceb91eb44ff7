import { problem } from '@barback/shared/wire/problem.ts';
import { onAgent, type Action, type Inverse, type Step } from '../../scenarios/step.ts';
import { decide, type Attempt, type AttemptOutcome, type Decision } from '../decide.ts';

const server = 'main';
const backupId = '20261122T120000';
/** One action of each class. */
export const actions = {
  R: onAgent('barman-check', { server }),
  I: onAgent('backup-lease', { server, backupId }),
  A: onAgent('scratch-verify-manifest', { server, backupId }),
  D: onAgent('scratch-discard', { server }),
  api: { on: 'api', op: 'judge-drill', params: {} },
  person: { on: 'person', ask: '?', choices: ['yes'], deadlineMs: 1000, atDeadline: 'cancel' },
} as const satisfies Record<string, Action>;
export type Kind = keyof typeof actions;

const why = problem('internal', 'for the test');
const outcomes = {
  succeeded: { is: 'succeeded', result: null },
  failed: { is: 'failed', problem: why },
  cancelled: { is: 'cancelled' },
  unknown: { is: 'unknown', problem: why },
  absent: { is: 'absent', problem: why },
  partial: { is: 'partial', problem: why, facts: null },
} as const satisfies Record<AttemptOutcome['is'], AttemptOutcome>;
export type Is = AttemptOutcome['is'];

/** A step of a class, with an inverse when asked for. */
export function stepOf(kind: Kind, index: number, when?: Inverse['when']): Step {
  const name = `${kind}${index}`;
  const inverse = { name: `undo-${name}`, title: name, action: onAgent('backup-release', { server, backupId }) };
  return { name, title: name, action: actions[kind], ...(when === undefined ? {} : { inverse: { when, ...inverse } }) };
}

export interface Played {
  readonly attempts: readonly Attempt[];
  readonly end: Extract<Decision, { do: 'finish' }>;
  readonly cancelRequested: boolean;
  /** One line per attempt, and the end. */
  readonly text: string;
}

/** Carries out decisions with the given fate until the run ends; a person resumes it `resumes` times. */
export function play(
  steps: readonly Step[],
  fate: (turn: number, attempt: Attempt) => Is,
  { cancelAt = Number.POSITIVE_INFINITY, resumes = 0 } = {},
): Played {
  let attempts: Attempt[] = [];
  let [now, era] = [0, 0];
  const lines: string[] = [];
  for (let turn = 0; turn < 2_000; turn += 1) {
    const cancelRequested = turn >= cancelAt;
    const decision = decide({ steps, attempts, cancelRequested, era, now });
    switch (decision.do) {
      case 'wait':
        if (decision.until <= now) throw new Error('it waits for the past');
        now = decision.until;
        break;
      case 'perform': {
        if (attempts.some(isOpen)) throw new Error('it begins something while something is under way');
        const { step, direction, number } = decision;
        attempts.push({ opid: `${turn}`, step, direction, number, era, endedAt: null, outcome: null });
        break;
      }
      case 'observe': {
        const is = fate(turn, decision.attempt);
        const { step, direction, number } = decision.attempt;
        const name = direction === 'forward' ? steps[step]?.name : steps[step]?.inverse?.name;
        lines.push(`${name} #${number} ${is}`);
        const settled = { ...decision.attempt, outcome: outcomes[is], endedAt: is === 'unknown' ? null : now };
        attempts = attempts.map((attempt) => (attempt === decision.attempt ? settled : attempt));
        break;
      }
      case 'finish':
        if (decision.state === 'needs_operator' && era < resumes) {
          era += 1;
          lines.push('-- resumed');
          break;
        }
        lines.push(`== ${decision.state}`);
        return { attempts, end: decision, cancelRequested, text: lines.join('\n') };
    }
  }
  throw new Error(`the run did not end:\n${lines.join('\n')}`);
}

/** Fates by the order in which they are asked for; then everything succeeds. */
export function fates(...list: Is[]): (turn: number) => Is {
  return () => list.shift() ?? 'succeeded';
}

function isOpen({ outcome }: Attempt): boolean {
  return outcome === null || outcome.is === 'unknown';
}
