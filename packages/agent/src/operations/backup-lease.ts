import { ProblemError } from '@barback/shared/wire/problem.ts';
import { keepArguments, keepReleaseArguments, keepStatusArguments } from '../barman/argv.ts';
import { parseKeepStatus, type Keep } from '../barman/keep.ts';
import type { Call, Handler, Host } from './handler.ts';
import { readLease, writeLease } from './leases.ts';
import { requireBarman, runBarmanJson } from './run-barman.ts';

async function keepStatus(host: Host, backupId: string, call: Call): Promise<Keep> {
  const version = await requireBarman(host.server, call.signal);
  const name = host.server.barman.server;
  const output = await runBarmanJson(host.server, keepStatusArguments(name, backupId), version, call.signal);
  return parseKeepStatus(output, name, version.text);
}

async function setKeep(host: Host, backupId: string, keep: Keep, call: Call): Promise<void> {
  const version = await requireBarman(host.server, call.signal);
  const name = host.server.barman.server;
  const args = keep === 'none' ? keepReleaseArguments(name, backupId) : keepArguments(name, backupId, keep);
  await runBarmanJson(host.server, args, version, call.signal);
}

export function requirePlan(call: Call): string {
  if (call.plan !== null) return call.plan;
  throw new ProblemError('validation-failed', 'this operation belongs to a plan and the request names none', {
    next: 'send the plan in the token',
  });
}

/** Recorded before Barman is told: after a crash in between, the release still knows what the operator had. */
export const backupLease: Handler<'backup-lease'> = {
  async perform(host, params, call) {
    const plan = requirePlan(call);
    const now = await keepStatus(host, params.backupId, call);
    const lease = (await readLease(host, params.backupId)) ?? { previous: now, plans: [] };
    // A record without plans is over: what is there now is the operator's.
    const previous = lease.plans.length === 0 ? now : lease.previous;
    const plans = [...new Set([...lease.plans, plan])];
    await writeLease(host, params.backupId, { previous, plans });
    if (now !== 'full') await setKeep(host, params.backupId, 'full', call);
    return { previous, leases: plans.length };
  },

  async observe(host, params, call) {
    const plan = requirePlan(call);
    const lease = await readLease(host, params.backupId);
    if (!lease?.plans.includes(plan)) return { is: 'absent' };
    const now = await keepStatus(host, params.backupId, call);
    if (now !== 'full') return { is: 'partial', facts: { keep: now, plans: lease.plans } };
    return { is: 'complete', result: { previous: lease.previous, leases: lease.plans.length } };
  },
};

/** Barman is told before the record ends, so that a crash in between only repeats the same command. */
export const backupRelease: Handler<'backup-release'> = {
  async perform(host, params, call) {
    const plan = requirePlan(call);
    const lease = await readLease(host, params.backupId);
    const now = await statusIfExists(host, params.backupId, call);
    if (!lease?.plans.includes(plan)) return { restored: now ?? 'none', leases: lease?.plans.length ?? 0 };
    const plans = lease.plans.filter((one) => one !== plan);
    if (plans.length > 0) {
      await writeLease(host, params.backupId, { ...lease, plans });
      return { restored: now ?? 'none', leases: plans.length };
    }
    // Only our own keep is taken back: any other one was set meanwhile by the operator.
    const restore = now === 'full' && lease.previous !== 'full';
    if (restore) await setKeep(host, params.backupId, lease.previous, call);
    await writeLease(host, params.backupId, { previous: lease.previous, plans: [] });
    return { restored: restore ? lease.previous : (now ?? 'none'), leases: 0 };
  },

  async observe(host, params, call) {
    const plan = requirePlan(call);
    const lease = await readLease(host, params.backupId);
    if (lease?.plans.includes(plan)) return { is: 'absent' };
    const now = await statusIfExists(host, params.backupId, call);
    return { is: 'complete', result: { restored: now ?? 'none', leases: lease?.plans.length ?? 0 } };
  },
};

/** Undefined when the backup is gone: then there is nothing to keep. */
async function statusIfExists(host: Host, backupId: string, call: Call): Promise<Keep | undefined> {
  try {
    return await keepStatus(host, backupId, call);
  } catch (error) {
    if (error instanceof ProblemError && error.problem.type.endsWith(':backup-not-found')) return undefined;
    throw error;
  }
}
