import type { Result } from '@barback/shared/operations/index.ts';
import type { Finding } from '../plan-document.ts';
import type { Rule } from './rule.ts';

/** What provisioning is judged by. */
export interface ProvisionRuleFacts {
  readonly replaces: string;
  /** Null: the host is made by hand. */
  readonly look: Result<'provision-look'> | null;
  /** Whether the agent of the host that is to be replaced answers. */
  readonly oldAnswers: boolean;
  /** What its sshd said; null: it was not asked. */
  readonly ssh: Result<'host-reach'>['ssh'];
}

const refusedMax = 10;

const forbidden: Rule<ProvisionRuleFacts> = ({ look }) => {
  const changes = look?.changes ?? [];
  const refused = changes.filter((one) => one.refused !== null);
  if (refused.length === 0) return null;
  const told = refused.slice(0, refusedMax).map(({ address, refused: why }) => `${address}: ${why}`);
  return {
    code: 'provision-forbidden',
    severity: 'blocking',
    title: 'Terraform would take something away that it must not',
    detail: `${told.join('; ')}${refused.length > refusedMax ? `; and ${refused.length - refusedMax} more` : ''}.`,
    remedy:
      "Change the configuration of Terraform. What may go is named under mayReplace in the agent's configuration; what holds data or an address never may.",
  };
};

const nothing: Rule<ProvisionRuleFacts> = ({ look }) =>
  look === null || look.changes.length > 0
    ? null
    : {
        code: 'provision-nothing',
        severity: 'warning',
        title: 'Terraform has nothing to do',
        detail: 'Its state says that everything is there.',
        remedy:
          'If the host is gone all the same, take it from the state (terraform state rm) or mark it (terraform apply -replace is refused unless mayReplace names it), and plan again.',
      };

/** Two servers that both take writes are worse than none. */
const oldAlive: Rule<ProvisionRuleFacts> = (facts) => {
  const { replaces, oldAnswers, ssh } = facts;
  const alive = [
    ...(oldAnswers ? ['its agent'] : []),
    ...(ssh === 'same' ? ['its sshd, with the key that it is known by,'] : []),
  ];
  if (alive.length > 0) {
    return {
      code: 'old-host-answers',
      severity: 'blocking',
      title: 'The old host is there',
      detail: `Of the host of ${replaces}, ${alive.join(' and ')} answered just now: its database may take writes.`,
      remedy:
        'If it is to go, stop it for good, and plan again when it is silent. To move a living server, restore beside it instead.',
    };
  }
  return {
    code: 'old-host',
    severity: 'confirm',
    title: 'Is the old host really gone?',
    detail: `The agent of ${replaces} does not answer; ${sshWords[ssh ?? 'unknown']}; ${providerWords(facts)}. That it is unreachable from here does not say that it is off.`,
    remedy:
      'Make sure that it is off and stays off, and take its key from the box. Then plan again with "acknowledge": ["old-host"] in the options.',
  };
};

const sshWords: Readonly<Record<'silent' | 'other' | 'same' | 'unknown', string>> = {
  same: 'its sshd answers',
  silent: 'no sshd answers at its address',
  other: 'at its address an sshd answers that has another key',
  unknown: 'its sshd was not asked (hosts of the provisioner, in the configuration of its agent)',
};

function providerWords({ look }: ProvisionRuleFacts): string {
  if (look === null) return 'no provider was asked';
  const { program, gone } = look;
  const few = gone.slice(0, refusedMax).join(', ');
  return gone.length === 0
    ? `${program.name} finds nothing gone of what its state has`
    : `${program.name} finds that the provider has no more: ${few}`;
}

const rules: readonly Rule<ProvisionRuleFacts>[] = [forbidden, nothing, oldAlive];

/** Pure. */
export function provisionFindings(facts: ProvisionRuleFacts): readonly Finding[] {
  return rules.flatMap((rule) => rule(facts) ?? []);
}
