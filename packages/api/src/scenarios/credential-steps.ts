import { gateStep } from './gate-step.ts';
import { onAgent, type Step } from './step.ts';

/** Whose passwords the restored cluster has: those of the target's time, or those of now. */
export const credentialsOf = ['of-target', 'of-live'] as const;
export type CredentialsOf = (typeof credentialsOf)[number];

export interface Credentials {
  readonly server: string;
  /** Undefined: a person is asked, when there is a difference. */
  readonly asked: CredentialsOf | undefined;
  readonly deadlineMs: number;
}

const compareName = 'compare-credentials';
const gateName = 'credentials';

/** While the copy is paused: who could not log in any more as they do now, and whether that is meant (T33). */
export function compareCredentialsSteps({ server, asked, deadlineMs }: Credentials): Step[] {
  const compare: Step = {
    name: compareName,
    title: 'Compare roles and passwords of the copy with those of live',
    action: onAgent('credentials-compare', { server }),
  };
  const gate: Step = {
    ...gateStep(gateName, {
      title: 'Ask whose passwords the restored cluster has',
      ask: `Roles of live are not as they were at the target (result of ${compareName}). of-target: they become what they were; who uses a newer password, Barman included, cannot log in. of-live: passwords, their validity and the right to log in are taken over from live; roles that are not in the copy are not created.`,
      choices: [...credentialsOf, 'cancel'],
      deadlineMs,
    }),
    onlyIf: { step: compareName, field: 'differ', is: true },
  };
  return asked === undefined ? [compare, gate] : [compare];
}

/** In the promoted copy, before it is live. */
export function carryCredentialsSteps({ server, asked }: Credentials): Step[] {
  if (asked === 'of-target') return [];
  const carry: Step = {
    name: 'carry-credentials',
    title: "Give the copy live's passwords",
    action: onAgent('credentials-carry', { server }),
  };
  return [asked === 'of-live' ? carry : { ...carry, onlyIf: { step: gateName, field: 'decision', is: 'of-live' } }];
}

/** Barman's passwords on this host are in files of this host: the roles that it connects as get those of the cluster that was here (T40). */
export function carryBarmansCredentialsStep(server: string): Step {
  return {
    name: 'carry-credentials',
    title: 'Give the roles that Barman connects as the passwords that this host has for them',
    action: onAgent('credentials-carry', { server, of: 'barman' }),
  };
}
