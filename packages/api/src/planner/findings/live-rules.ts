import { skippedLibraries } from '../preload-libraries.ts';
import type { HostFacts, Rule } from './rule.ts';

const systemIdentifier: Rule<HostFacts> = ({ host, earlierSystemIdentifier }) => {
  const now = host.live?.systemIdentifier;
  if (now === undefined || earlierSystemIdentifier === null || now === earlierSystemIdentifier) return null;
  return {
    code: 'system-identifier',
    severity: 'confirm',
    title: 'Live is another cluster than at the last plan',
    detail: `Its system identifier is ${now}; it was ${earlierSystemIdentifier}. The backups may belong to the earlier cluster.`,
    remedy:
      'If the cluster was replaced on purpose, plan again with "acknowledge": ["system-identifier"] in the options.',
  };
};

const otherRun: Rule<HostFacts> = ({ activeRun }) =>
  activeRun === null
    ? null
    : {
        code: 'other-run',
        severity: 'warning',
        title: 'Another run works on this server',
        detail: activeRun.givesWay
          ? `Run ${activeRun.id} has not ended; starting this plan stops it, and waits until it has cleared away what it made.`
          : `Run ${activeRun.id} has not ended; this plan cannot start before it has.`,
        remedy: activeRun.givesWay
          ? `Nothing; or let it end first: GET /v1/runs/${activeRun.id}`
          : `Wait for it or cancel it: POST /v1/runs/${activeRun.id}/cancel`,
      };

const preloadLibrarySkipped: Rule = ({ host }) => {
  const skipped = skippedLibraries(host);
  if (skipped.length === 0) return null;
  return {
    code: 'preload-library-skipped',
    severity: 'warning',
    title: 'Live loads libraries that the copy does without',
    detail: `shared_preload_libraries names ${skipped.join(', ')}; the agent lets copies load ${host.preloadLibraries.join(', ') || 'none'}.`,
    remedy:
      "If replay or a probe needs them, and they do nothing by themselves in a copy, list them under preloadLibraries in the agent's configuration.",
  };
};

const probeRoleMissing: Rule = ({ host, probes }) =>
  probes > 0 && host.live !== null && !host.live.probeRole
    ? {
        code: 'probe-role-missing',
        severity: 'info',
        title: 'Probes wait until the copy is promoted',
        detail: 'The role that probes run as does not exist in live, so probably not in the backup either.',
        remedy: 'To probe while the copy is paused, create the role on live: a LOGIN role with pg_read_all_data.',
      }
    : null;

const liveDown: Rule = ({ host }) =>
  host.live === null
    ? {
        code: 'live-down',
        severity: 'info',
        title: 'Live does not answer',
        detail: `PostgreSQL is ${host.liveState} on ${host.hostName}; the copy is not compared with live, and which libraries live preloads is not known.`,
        remedy: 'None is needed for a drill.',
      }
    : null;

/** Which cluster it is and who works on it: whatever the scenario. */
export const identityRules: readonly Rule<HostFacts>[] = [systemIdentifier, otherRun];

export const liveRules: readonly Rule[] = [...identityRules, preloadLibrarySkipped, probeRoleMissing, liveDown];
