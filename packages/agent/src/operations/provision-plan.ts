import { ProblemError } from '@barback/shared/wire/problem.ts';
import { nowMicros } from '../system/clock.ts';
import { requirePlan } from './backup-lease.ts';
import { fileDigest } from './file-digest.ts';
import type { Handler } from './handler.ts';
import { planFileOf, readProvision, writeProvision, type ProvisionRecord } from './provision-record.ts';
import { planTo, provisionerOf, provisioningIn, type Planned } from './provisioner.ts';
import { makeWorkplace, removeWorkplace } from './workplace.ts';

export const provisionPlan: Handler<'provision-plan'> = {
  async perform(host, params, call) {
    const plan = requirePlan(call);
    const { user = null } = provisionerOf(host);
    const known = await readProvision(host, plan);
    if (known?.planned) return known.planned;
    if (known) await removeWorkplace({ user }, known.work);
    const work = await makeWorkplace({ user, call, prefix: 'barback-provision' });
    const made = { server: host.serverName, createdAt: nowMicros(), work };
    const record: ProvisionRecord = { ...made, planned: null, applying: false, applied: null };
    await writeProvision(host, plan, record);
    const file = planFileOf(record);
    const { program, digest, changes } = await planTo(provisioningIn(host, work), { file, locks: true }, call);
    if (digest !== params.digest) throw changed(params.digest, digest);
    refuseForbidden(changes);
    const planned = { program, digest, file: (await fileDigest(file)).sha256, changes: changes.length };
    await writeProvision(host, plan, { ...record, planned });
    return planned;
  },

  async observe(host, _params, call) {
    const record = await readProvision(host, requirePlan(call));
    return record?.planned ? { is: 'complete', result: record.planned } : { is: 'absent' };
  },
};

function changed(then: string, now: string): ProblemError {
  return new ProblemError('provision-changed', 'what would be done now is not what was planned and approved', {
    next: 'Nothing was applied. Plan again, read what is different, and approve that.',
    facts: { planned: then, now },
  });
}

/** Once more: what was approved was made with the configuration of then. */
function refuseForbidden(changes: Planned['changes']): void {
  const forbidden = changes.filter(({ refused }) => refused !== null);
  if (forbidden.length === 0) return;
  throw new ProblemError(
    'provision-refused',
    forbidden
      .map(({ address, refused }) => `${address}: ${refused}`)
      .slice(0, 5)
      .join('; '),
    { next: 'Nothing was applied. Change the configuration of Terraform, or mayReplace of the agent.' },
  );
}
