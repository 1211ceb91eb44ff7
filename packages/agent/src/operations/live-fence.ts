import { fenceOf, liftedText } from '../postgres/hba-fence.ts';
import { nowMicros } from '../system/clock.ts';
import { signalProcess, type ProcessIdentity } from '../system/process-table.ts';
import { requirePlan } from './backup-lease.ts';
import { serverProcess } from './copy-process.ts';
import { exemptOf, letInOf, requireHbaFile, roleNames } from './fence-place.ts';
import type { Call, Handler, Host } from './handler.ts';
import { loadRules } from './live-rules.ts';
import { endForeign } from './live-sessions.ts';
import { withServerFile } from './server-file.ts';
import { refuseTorn, writeFence } from './write-fence.ts';

export const liveFence: Handler<'live-fence'> = {
  async perform(host, _params, call) {
    const hbaFile = requireHbaFile(host);
    const exempt = await exemptOf(host, call);
    const told = { hbaFile, exempt: roleNames(exempt) };
    await writeFence(host, hbaFile, exempt, requirePlan(call));
    const running = await postmasterOf(host);
    if (!running) return { ...told, ended: [], closedAt: null };
    await loadOrLift(host, hbaFile, running, call);
    const ended = await endForeign(host, letInOf(exempt), running, call);
    return { ...told, ended, closedAt: nowMicros() };
  },

  /** Repeating it ends whoever came in meanwhile. */
  observe: () => Promise.resolve({ is: 'absent' }),
};

export const liveUnfence: Handler<'live-unfence'> = {
  async perform(host, _params, call) {
    const hbaFile = requireHbaFile(host);
    const wasFenced = await lift(host, hbaFile);
    const running = await postmasterOf(host);
    // Also when the lines were gone: the server may not have read the file since.
    if (running) await loadRules(host, hbaFile, running, call);
    return { wasFenced, openedAt: running ? nowMicros() : null };
  },

  observe: () => Promise.resolve({ is: 'absent' }),
};

async function lift(host: Host, hbaFile: string): Promise<boolean> {
  return withServerFile(host, hbaFile, async ({ text, replace }) => {
    refuseTorn(host, hbaFile, text);
    const isFenced = fenceOf(text) !== null;
    if (isFenced) await replace(liftedText(text));
    return isFenced;
  });
}

async function postmasterOf(host: Host): Promise<ProcessIdentity | undefined> {
  return serverProcess(host.server.postgres.dataDirectory);
}

/** Before anybody is thrown out: whoever cannot prove that the fence holds, and that the agent itself gets in, takes it away. */
async function loadOrLift(host: Host, hbaFile: string, running: ProcessIdentity, call: Call): Promise<void> {
  try {
    await loadRules(host, hbaFile, running, call);
  } catch (error) {
    await lift(host, hbaFile);
    await signalProcess(running, 'SIGHUP');
    throw error;
  }
}
