import type { PlanView } from '../planner/plan-view.ts';
import type { ProvisionResult } from '../scenarios/provision-result.ts';
import { fields, page, section, table } from './layout.ts';
import { plain } from './plain.ts';
import { duration } from './units.ts';

type ProvisionView = Extract<PlanView, { scenario: 'provision' }>;

/** What is approved: every change, then what the program itself says. */
export function renderChanges({ terraform }: ProvisionView): string | null {
  if (terraform === null) return null;
  const { changes, text } = terraform;
  const rows = changes.map(({ address, actions, refused }) => [
    `  ${plain(address)}`,
    actions.join(' and '),
    refused === null ? '' : `refused: ${plain(refused)}`,
  ]);
  return page(
    section('changes', rows.length === 0 ? '  none\n' : table(['  RESOURCE', 'ACTION', ''], rows)),
    section(
      'as Terraform says it',
      text
        .split('\n')
        .map((line) => `  ${plain(line)}\n`)
        .join(''),
    ),
  );
}

export function renderProvisionResult({ planned, applied, outputs, enrolled }: ProvisionResult): string {
  return page(
    section(
      'provisioned',
      fields([
        ['  file', planned === null ? null : `${planned.file}: ${planned.changes} changes`],
        [
          '  applied',
          applied === null
            ? null
            : `${applied.added} added, ${applied.changed} changed, ${applied.destroyed} destroyed in ${duration(applied.seconds)}`,
        ],
        ...outputs.map(
          ({ name, value }) => [`  ${name}`, value === null ? 'none, or sensitive' : plain(value)] as const,
        ),
        [
          '  agent',
          enrolled === null
            ? null
            : `${plain(enrolled.agentId)} ${plain(enrolled.agentVersion)} at ${plain(enrolled.agentUrl)}`,
        ],
      ]),
    ),
  );
}
