import type { Result } from '@barback/shared/operations/index.ts';
import type { ProvisionRuleFacts } from '../findings/provision-rules.ts';
import type { Finding } from '../plan-document.ts';

export const created = { address: 'hcloud_server.db', type: 'hcloud_server', actions: ['create'], refused: null };

/** What the rules of provisioning look at: a host that does not answer, and one that would be made. */
export function provisionFacts(given: Partial<ProvisionRuleFacts> = {}): ProvisionRuleFacts {
  return { replaces: 'main', look: lookWith([created]), oldAnswers: false, ssh: null, ...given };
}

export function lookWith(changes: Result<'provision-look'>['changes'], gone: string[] = []): Result<'provision-look'> {
  return { program: { name: 'Terraform', version: '1.11.4' }, digest: '0'.repeat(64), changes, gone, text: '' };
}

type Case = readonly [code: string, severity: Finding['severity'], planted: Partial<ProvisionRuleFacts>];

const replaced = { ...created, actions: ['delete', 'create'], refused: 'it would be replaced' };

export const provisionCases: readonly Case[] = [
  ['provision-forbidden', 'blocking', { look: lookWith([replaced]) }],
  ['provision-nothing', 'warning', { look: lookWith([]) }],
  ['old-host-answers', 'blocking', { oldAnswers: true }],
  ['old-host-answers', 'blocking', { ssh: 'same' }],
];
