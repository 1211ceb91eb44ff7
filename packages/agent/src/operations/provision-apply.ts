import { ProblemError } from '@barback/shared/wire/problem.ts';
import { ApplyLog } from '../provision/apply-log.ts';
import { applyArgv } from '../provision/terraform-argv.ts';
import { monotonicMs } from '../system/clock.ts';
import { streamProgram } from '../system/run-program.ts';
import { requirePlan } from './backup-lease.ts';
import { fileDigest } from './file-digest.ts';
import type { Call, Handler, Host } from './handler.ts';
import { planFileOf, readProvision, writeProvision, type ProvisionRecord } from './provision-record.ts';
import { failed, planTo, provisioningIn, terraformProgram } from './provisioner.ts';

const longMs = 12 * 3_600_000;

export const provisionApply: Handler<'provision-apply'> = {
  async perform(host, { digest }, call) {
    const plan = requirePlan(call);
    const record = await requirePlanned(host, plan, digest);
    if (record.applied) return record.applied;
    const startedAt = monotonicMs();
    // A file that was begun cannot be applied again: what is left tells whether it came to its end.
    const counts = record.applying ? await whatIsLeft(host, record, call) : await apply(host, plan, record, call);
    const applied = { ...counts, seconds: (monotonicMs() - startedAt) / 1000 };
    await writeProvision(host, plan, { ...record, applying: true, applied });
    return applied;
  },

  async observe(host, _params, call) {
    const record = await readProvision(host, requirePlan(call));
    if (record?.applied) return { is: 'complete', result: record.applied };
    return record?.applying ? { is: 'partial', facts: { applying: true } } : { is: 'absent' };
  },
};

async function requirePlanned(host: Host, plan: string, digest: string): Promise<ProvisionRecord> {
  const record = await readProvision(host, plan);
  if (!record?.planned || record.planned.digest !== digest) throw other('there is no file of this plan');
  if (record.applying) return record;
  const now = await fileDigest(planFileOf(record)).catch(() => null);
  if (now?.sha256 !== record.planned.file) throw other('the file of this plan has changed');
  return record;
}

async function apply(host: Host, plan: string, record: ProvisionRecord, call: Call) {
  const provisioning = provisioningIn(host, record.work);
  await writeProvision(host, plan, { ...record, applying: true });
  const log = new ApplyLog();
  const total = record.planned?.changes ?? null;
  const program = terraformProgram(provisioning, applyArgv(provisioning.terraform, planFileOf(record)), longMs);
  const outcome = await streamProgram(
    program,
    (chunk) => {
      log.add(chunk.toString('utf8'));
      call.progress('resources', log.applied, total);
      return true;
    },
    call.signal,
  );
  if (outcome.exitCode !== 0 || log.summary === null) {
    const words = log.errors.join('; ') || outcome.stderr;
    throw failed(`apply ended after ${log.applied} of ${total} changes`, words);
  }
  const { add: added, change, remove: destroyed } = log.summary;
  return { added, changed: change, destroyed };
}

async function whatIsLeft(host: Host, record: ProvisionRecord, call: Call) {
  const file = `${planFileOf(record)}-left`;
  const { changes } = await planTo(provisioningIn(host, record.work), { file, locks: true }, call);
  if (changes.length === 0) return { added: 0, changed: 0, destroyed: 0 };
  const names = changes.slice(0, 10).map(({ address }) => address);
  throw new ProblemError('provision-changed', `the apply was cut off, and is not done: ${names.join(', ')}`, {
    next: 'What was made is in the state. Give this run up (cancel), plan again, and approve what is left.',
    facts: { left: names },
  });
}

function other(why: string): ProblemError {
  return new ProblemError('provision-changed', `nothing was applied: ${why}`, { next: 'Plan again.' });
}
