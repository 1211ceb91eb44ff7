import type { Result } from '@barback/shared/operations/index.ts';
import type { Problem } from '@barback/shared/wire/problem.ts';
import type { CutoverBasis } from './cutover-basis.ts';
import { compared, voidPlan } from './plan-differences.ts';

export interface CutoverNow {
  readonly basis: CutoverBasis;
  readonly host: Result<'host-facts'>;
  readonly protection: Result<'protection-facts'>;
  readonly cutover: Result<'cutover-facts'>;
}

const notSet = 'not set';

/** The problem of a plan whose live is another one by now, or would be replaced in another way; null when all is as it was. Pure. */
export function recheckCutover({ basis, host, protection, cutover }: CutoverNow): Problem | null {
  const { protection: then } = basis;
  return voidPlan([
    ...compared('the directory at the live path', place(basis.dataDirectory), place(host.dataDirectory)),
    ...compared("Barman's streaming_archiver", then.streaming, protection.streaming),
    ...compared("Barman's archiver", then.archiver, protection.archiver),
    ...compared("Barman's slot_name", then.slotName ?? notSet, protection.slotName ?? notSet),
    ...compared('the way to start and stop live', basis.service ?? notSet, cutover.service ?? notSet),
    ...compared('the file of the fence', basis.hbaFile ?? notSet, cutover.hba?.file ?? notSet),
  ]);
}

function place(directory: { readonly device: string; readonly inode: string } | null): string {
  return directory === null ? 'none' : `inode ${directory.inode} on device ${directory.device}`;
}
